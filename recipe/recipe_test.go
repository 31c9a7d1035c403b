package recipe

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
)

// small is a table of every kind of column, with missing values, and its fields.
func small() ([]table.Field, *table.Table) {
	day, nan := table.NewDay, math.NaN()
	fields := []table.Field{
		{Name: "day", Type: table.TypeDate, Required: true},
		{Name: "place", Type: table.TypeCategory, Categories: []string{"North", "South"}},
		{Name: "wind", Type: table.TypeCategory, Categories: []string{"N", "E", "S", "W"}},
		{Name: "wet", Type: table.TypeCategory, Categories: []string{"No", "Yes"}},
		{Name: "warm", Type: table.TypeNumber, Unit: "°C"},
		{Name: "cloud", Type: table.TypeInteger, Unit: "oktas"},
	}
	return fields, table.New(
		table.Dates("day", []table.Day{day(2024, 2, 29), day(2024, 3, 1), day(1999, 12, 31), table.MissingDay, day(2024, 2, 1)}),
		table.Categories("place", []int32{0, 1, 0, 1, -1}, []string{"North", "South"}),
		table.Categories("wind", []int32{3, -1, 2, -1, 2}, []string{"N", "E", "S", "W"}),
		table.Categories("wet", []int32{1, 0, -1, 1, 0}, []string{"No", "Yes"}),
		table.Numbers("warm", []float64{10, 12, nan, 14, 100}),
		table.Numbers("cloud", []float64{9, 1, 2, nan, 4}),
	)
}

func TestSteps(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   Recipe
		want map[string]string // column that comes out -> its values, as texts
	}{
		// Quartiles of 10 12 14 100 are 11.5 and 35.5.
		{"clip", Recipe{&Clip{Columns: []string{"warm"}}}, map[string]string{"warm": "10 12 - 14 71.5"}},
		{"clip by half a range", Recipe{&Clip{Columns: []string{"warm"}, IQR: 0.0625}}, map[string]string{"warm": "10 12 - 14 37"}},
		{"clip at given bounds", Recipe{&Clip{Lower: map[string]float64{"warm": 11}, Upper: map[string]float64{"warm": 13, "cloud": 2}}},
			map[string]string{"warm": "11 12 - 13 13", "cloud": "2 1 2 - 2"}},
		{"set_missing", Recipe{&SetMissing{Columns: []string{"cloud"}, Values: []float64{9, 4}}}, map[string]string{"cloud": "- 1 2 - -"}},
		{"date_parts", Recipe{&DateParts{Column: "day", Year: "y", Month: "m", Day: "d"}},
			map[string]string{"y": "2024 2024 1999 - 2024", "m": "2 3 12 - 2", "d": "29 1 31 - 1", "day": ""}},
		{"date_parts, kept", Recipe{&DateParts{Column: "day", Month: "m", Keep: true}},
			map[string]string{"m": "2 3 12 - 2", "day": "2024-02-29 2024-03-01 1999-12-31 - 2024-02-01"}},
		{"indicator", Recipe{&Indicator{Columns: []string{"wet"}, Value: "Yes"}}, map[string]string{"wet": "1 0 0 1 0"}},
		{"lookup", Recipe{&Lookup{Column: "place", Into: []string{"lat", "lon"}, Values: map[string][]float64{"North": {-10, 130.5}, "South": {-40, 145}, "West": {-30, 115}}}},
			map[string]string{"lat": "-10 -40 -10 -40 -", "lon": "130.5 145 130.5 145 -", "place": ""}},
		{"compass", Recipe{&Compass{Columns: []string{"wind"}}},
			map[string]string{"wind_sin": "-1 - 0.00000000000000012246467991473532 - 0.00000000000000012246467991473532", "wind_cos": "-0.00000000000000018369701987210297 - -1 - -1", "wind": ""}},
		{"compass of more points", Recipe{&Compass{Columns: []string{"wind"}, Points: []string{"N", "E", "S", "W", "X", "Y", "Z", "U"}, Keep: true}},
			map[string]string{"wind_sin": "0.7071067811865476 - 1 - 1", "wind": "W - S - S"}},
		{"one_hot", Recipe{&OneHot{Columns: []string{"place"}}}, map[string]string{"place=North": "1 0 1 0 0", "place=South": "0 1 0 1 0", "place": ""}},
		{"difference", Recipe{&Difference{Column: "d", Of: "warm", Minus: "cloud"}}, map[string]string{"d": "1 11 - - 96", "warm": "10 12 - 14 100"}},
		{"fill_mode", Recipe{&FillMode{}}, map[string]string{"wind": "W S S S S", "place": "North South North South North", "wet": "Yes No No Yes No"}},
		{"fill_mode within", Recipe{&DateParts{Column: "day", Month: "m"}, &FillMode{Columns: []string{"wind"}, Within: []string{"m", "place"}}},
			map[string]string{"wind": "W - S - S"}},
		{"fill_median", Recipe{&FillMedian{}}, map[string]string{"warm": "10 12 13 14 100", "cloud": "9 1 2 3 4"}},
		// cloud 9 1 2 4: mean 4, squares 25 + 9 + 4 + 0, deviation sqrt(9.5)
		{"standardise", Recipe{&Standardise{Columns: []string{"cloud"}}}, map[string]string{"cloud": fmt.Sprintf("%v %v %v - 0", 5/math.Sqrt(9.5), -3/math.Sqrt(9.5), -2/math.Sqrt(9.5))}},
		{"drop", Recipe{&Drop{Columns: []string{"warm", "day"}}}, map[string]string{"warm": "", "day": "", "cloud": "9 1 2 - 4"}},
		{"select", Recipe{&Select{Columns: []string{"cloud", "warm"}}}, map[string]string{"warm": "10 12 - 14 100", "cloud": "9 1 2 - 4", "day": ""}},
		{"none", nil, map[string]string{"warm": "10 12 - 14 100", "wet": "Yes No - Yes No"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fields, in := small()
			f, err := test.do.Fit(fields, in)
			if err != nil {
				t.Fatal(err)
			}
			out, err := f.Apply(in)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range test.want {
				got := ""
				if c := out.Column(name); c != nil {
					got = columnText(c)
				}
				if got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			output, faults := test.do.Check(fields)
			if len(faults) > 0 || !reflect.DeepEqual(output, f.Output()) {
				t.Errorf("Check says %v, faults %v; Fit says %v", output, faults, f.Output())
			}
			if names := (&table.Schema{Fields: output}).Names(); !slices.Equal(names, out.Names()) {
				t.Errorf("fields %q, columns %q", names, out.Names())
			}
			if _, again := small(); !reflect.DeepEqual(tableText(in), tableText(again)) {
				t.Error("the input was changed")
			}
		})
	}
}

func columnText(c *table.Column) string {
	values := make([]string, c.Len())
	for i := range values {
		if values[i] = c.Text(i); values[i] == "" {
			values[i] = "-"
		}
	}
	return strings.Join(values, " ")
}

func tableText(t *table.Table) (texts []string) {
	for _, c := range t.Columns() {
		texts = append(texts, columnText(c))
	}
	return texts
}

// TestModesFallBack follows a direction that its group does not know through wider groups.
func TestModesFallBack(t *testing.T) {
	t.Parallel()
	levels := []string{"z", "b", "a"}
	fields := []table.Field{plain("month"), {Name: "place", Type: table.TypeCategory, Categories: []string{"p", "q", "r"}}, {Name: "wind", Type: table.TypeCategory, Categories: levels}}
	in := func(month []float64, place, wind []int32) *table.Table {
		return table.New(table.Numbers("month", month), table.Categories("place", place, fields[1].Categories), table.Categories("wind", wind, levels))
	}
	wind := []string{"wind"}
	r := Recipe{
		&FillMode{Columns: wind, Within: []string{"month", "place"}},
		&FillMode{Columns: wind, Within: []string{"month"}},
		&FillMode{Columns: wind},
	}
	// (1, p) has b and a once each, so a, which then makes a the commonest of
	// month 1. (2, q) has none and takes z from month 2, which then makes z the
	// commonest of all.
	f, err := r.Fit(fields, in(
		[]float64{1, 1, 1, 2, 2, 1},
		[]int32{0, 0, 0, 1, 0, 1},
		[]int32{1, 2, -1, -1, 0, 0}))
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	out, err := f.Apply(in([]float64{1, 2, 1, 3, nan, 2}, []int32{0, 1, 2, 0, 0, -1}, []int32{-1, -1, -1, -1, -1, 1}))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := columnText(out.Column("wind")), "a z a z z b"; got != want {
		t.Errorf("wind is %q, want %q", got, want)
	}
}

func TestLevelsAreMatchedByName(t *testing.T) {
	t.Parallel()
	fields, in := small()
	f, err := Recipe{&Drop{Columns: []string{"day", "warm", "cloud", "wet", "place"}}}.Fit(fields, in)
	if err != nil {
		t.Fatal(err)
	}
	var columns []*table.Column
	for _, c := range in.Columns() {
		if c.Name != "wind" {
			columns = append(columns, c)
		}
	}
	columns = append(columns, table.Categories("wind", []int32{0, 1, 2, 3, -1}, []string{"W", "calm", "N", "S"}), table.Numbers("more", make([]float64, 5)))
	out, err := f.Apply(table.New(columns...))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := columnText(out.Column("wind")), "W - N S -"; got != want {
		t.Errorf("wind is %q, want %q", got, want)
	}
}

func TestFitFaults(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	fields := []table.Field{plain("x"), {Name: "c", Type: table.TypeCategory, Categories: []string{"a"}}}
	in := func(x ...float64) *table.Table {
		return table.New(table.Numbers("x", x), table.Categories("c", slices.Repeat([]int32{-1}, len(x)), []string{"a"}))
	}
	tests := []struct {
		do   Recipe
		in   *table.Table
		want string
	}{
		{Recipe{&FillMedian{}}, in(nan, nan), `step 1 (fill_median): column "x" has no value in the training table, so it has no median; drop it`},
		{Recipe{&Drop{Columns: []string{"c"}}, &Standardise{}}, in(), `step 2 (standardise): column "x" has no value in the training table, so it has no mean; drop it`},
		{Recipe{&Standardise{}}, in(math.MaxFloat64, -math.MaxFloat64), `too large`},
		{Recipe{&FillMedian{}}, in(math.Inf(1)), `column "x" has an infinite median`},
		{Recipe{&Clip{}}, in(math.Inf(1), math.Inf(-1), 1, math.Inf(1)), `column "x" holds infinite numbers`},
		{Recipe{&FillMode{}}, in(1), `step 1 (fill_mode): a column among c has no value`},
		{Recipe{&Clip{Lower: map[string]float64{"x": 9}}}, in(1, 2, 3), `its lower bound 9 is above its upper bound 4`},
		{nil, table.New(table.Numbers("c", nil)), "the table has no column \"x\"; it has c\ncolumn \"c\" of the table is a number, want a category"},
		{Recipe{&Drop{Columns: []string{"y"}}}, in(1), `step 1 (drop), columns: no column "y"; there are x, c`},
	}
	for _, test := range tests {
		if _, err := test.do.Fit(fields, test.in); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
}

func TestEmptyTable(t *testing.T) {
	t.Parallel()
	fields, in := small()
	f, err := Recipe{&FillMedian{}, &Compass{Columns: []string{"wind"}}}.Fit(fields, in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.Apply(in.Take(nil))
	if err != nil || out.Rows() != 0 || out.Column("wind_sin") == nil {
		t.Errorf("%v, %v: want no rows of every feature", out.Names(), err)
	}
	f, err = Recipe{&Clip{}, &Indicator{Columns: []string{"wet"}, Value: "Yes"}}.Fit(fields, in.Take(nil))
	if err != nil {
		t.Fatal(err)
	}
	if data, err := json.Marshal(f); err != nil || !strings.Contains(string(data), "1.7976931348623157e+308") {
		t.Errorf("bounds that nothing is known of: %s, %v", data, err)
	}
}

// TestOutputFields follows what is known of the columns.
func TestOutputFields(t *testing.T) {
	t.Parallel()
	fields, _ := small()
	output, faults := Recipe{
		&DateParts{Column: "day", Month: "month"},
		&Indicator{Columns: []string{"wet"}, Value: "Yes"},
		&Difference{Column: "difference", Of: "warm", Minus: "warm"},
		&FillMedian{Columns: []string{"warm", "cloud"}},
		&SetMissing{Columns: []string{"cloud"}, Values: []float64{9}},
		&FillMode{Columns: []string{"wind"}, Within: []string{"month"}},
		&FillMode{Columns: []string{"place"}},
	}.Check(fields)
	if faults != nil {
		t.Fatal(faults)
	}
	data, err := json.Marshal(output)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"name":"place","type":"category","categories":["North","South"],"required":true},` +
		`{"name":"wind","type":"category","categories":["N","E","S","W"]},` +
		`{"name":"wet","type":"integer","min":0,"max":1,"required":true},` +
		`{"name":"warm","type":"number","unit":"°C","required":true},` +
		`{"name":"cloud","type":"number","unit":"oktas"},` +
		`{"name":"month","type":"integer","min":1,"max":12,"required":true},` +
		`{"name":"difference","type":"number","unit":"°C"}]`
	if string(data) != want {
		t.Errorf("fields are\n%s, want\n%s", data, want)
	}
}

func TestLengthsAreChecked(t *testing.T) {
	t.Parallel()
	fields, in := small()
	f, err := Recipe{&Drop{Columns: []string{"day"}}}.Fit(fields, in)
	if err != nil {
		t.Fatal(err)
	}
	inverse, err := Invert(Recipe{&Drop{Columns: []string{"day"}}}, fields)
	if err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func(){
		"src has 5 values, the input 6 fields":  func() { f.ApplyRow(make([]float64, 5), make([]float64, 5)) },
		"dst has 6 values, the output 5 fields": func() { f.ApplyRow(make([]float64, 6), make([]float64, 6)) },
		"dst has 5 values, the input 6 fields":  func() { inverse.Row(make([]float64, 5), make([]float64, 5)) },
		"6 features, want 5":                    func() { inverse.Row(make([]float64, 6), make([]float64, 6)) },
	} {
		func() {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, name) {
					t.Errorf("panic %q, want %q", said, name)
				}
			}()
			call()
		}()
	}
	if _, err := f.Apply(table.New(table.Numbers("warm", nil))); err == nil || strings.Count(err.Error(), "no column") != 5 {
		t.Errorf("%v, want five columns that are not there", err)
	}
}

func TestTooManyGroups(t *testing.T) {
	t.Parallel()
	var fields []table.Field
	var columns []*table.Column
	categories := make([]string, 40_000)
	for i := range categories {
		categories[i] = fmt.Sprint(i)
	}
	numbers := make([]float64, len(categories))
	for i := range numbers {
		numbers[i] = float64(i)
	}
	for i := range 5 {
		fields = append(fields, plain(fmt.Sprint("x", i)))
		columns = append(columns, table.Numbers(fields[i].Name, numbers))
	}
	fields = append(fields, table.Field{Name: "c", Type: table.TypeCategory, Categories: categories})
	columns = append(columns, table.Categories("c", make([]int32, len(numbers)), categories))
	for _, test := range []struct {
		within []string
		want   string
	}{
		{[]string{"x0", "x1", "x2", "x3", "x4"}, "too many groups within x0, x1, x2, x3, x4"},
		{[]string{"x0"}, "40000 groups of 40000 categories are more than can be counted"},
	} {
		_, err := Recipe{&FillMode{Columns: []string{"c"}, Within: test.within}}.Fit(fields, table.New(columns...))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
}

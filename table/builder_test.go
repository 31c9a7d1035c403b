package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func bound(v float64) *float64 { return &v }

func shop() *Schema {
	return &Schema{
		Fields: []Field{
			{Name: "day", Type: TypeDate, Earliest: "2020-01-01", Latest: "2029-12-31", Required: true},
			{Name: "wind", Type: TypeCategory, Categories: []string{"N", "NNE", "E"}},
			{Name: "sales", Type: TypeNumber, Unit: "€", Min: bound(-50), Max: bound(60)},
			{Name: "staff", Type: TypeInteger},
		},
		Key:     []string{"day", "wind"},
		Missing: []string{"NA", "-999"},
	}
}

// TestValues goes through the door with one value at a time.
func TestValues(t *testing.T) {
	t.Parallel()
	rules := NewRules(shop())
	for _, c := range []struct {
		field int
		text  string
		want  string // as Column.Text has it, or the rule
		ok    bool
	}{
		{0, "2020-01-01", "2020-01-01", true},
		{0, "2023-02-30", "a date of the calendar, written YYYY-MM-DD from 2020-01-01 to 2029-12-31", false},
		{0, "2019-12-31", "a date of the calendar, written YYYY-MM-DD from 2020-01-01 to 2029-12-31", false},
		{0, "2030-01-01", "a date of the calendar, written YYYY-MM-DD from 2020-01-01 to 2029-12-31", false},
		{0, "", "present; it is a date of the calendar, written YYYY-MM-DD from 2020-01-01 to 2029-12-31", false},
		{0, "NA", "present; it is a date of the calendar, written YYYY-MM-DD from 2020-01-01 to 2029-12-31", false},
		{1, "NNE", "NNE", true},
		{1, "NNNE", "one of N, NNE, E", false},
		{1, "nne", "one of N, NNE, E", false},
		{1, "", "", true},
		{2, "60", "60", true},
		{2, "-50", "-50", true},
		{2, "-999", "", true},
		{2, "60.000001", "a number from -50 to 60 €", false},
		{2, "NaN", "a number from -50 to 60 €", false},
		{2, " 1", "a number from -50 to 60 €", false},
		{3, "12.0", "12", true},
		{3, "12.5", "an integer", false},
		{3, "1e300", "an integer", false},
		{3, "Inf", "an integer", false},
		{3, "caf\xe9", "text in UTF-8; the file may be Latin-1 (convert it with iconv -f LATIN1 -t UTF-8)", false},
	} {
		v, ok := rules.Text(c.field, []byte(c.text))
		if ok != c.ok {
			t.Errorf("field %d, %q: %v", c.field, c.text, ok)
			continue
		}
		if !ok {
			if got := rules.Fault(c.field, c.text); got.Rule != c.want || got.Value != c.text || got.Column != shop().Fields[c.field].Name {
				t.Errorf("field %d, %q: %+v", c.field, c.text, got)
			}
			continue
		}
		b := rules.Builder(1)
		b.Text(0, []byte("2020-01-01"))
		b.Text(c.field, []byte(c.text))
		b.EndRow()
		column := b.Table().Columns()[c.field]
		if got := column.Text(0); got != c.want {
			t.Errorf("field %d, %q: %q", c.field, c.text, got)
		}
		if f := column.Float(0); f != v && !(f != f && v != v) {
			t.Errorf("field %d, %q: the rules give %v, the table %v", c.field, c.text, v, f)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 61} {
		if _, ok := rules.Number(2, v); ok {
			t.Errorf("the number %v got in", v)
		}
	}
	if _, ok := rules.Number(1, 0); ok {
		t.Error("a number is not a category")
	}
	if _, ok := rules.Day(0, NewDay(2031, 1, 1)); ok {
		t.Error("a day after the latest got in")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	var towns []string
	for i := range 60 {
		towns = append(towns, fmt.Sprintf("Town%02d", i))
	}
	towns = append(towns, "Hobart", "Perth")
	rules := NewRules(&Schema{Fields: []Field{{Name: "town", Type: TypeCategory, Categories: towns}}})
	got := rules.Fault(0, "hobar").Rule
	if !strings.HasPrefix(got, "one of the 62 known values; the nearest are Hobart, ") {
		t.Error(got)
	}
}

func TestBuilderKeepsWholeRows(t *testing.T) {
	t.Parallel()
	b := NewBuilder(shop(), 0)
	for range 2 { // the second time after Reset
		b.Line(2)
		b.Text(0, []byte("2020-01-01"))
		b.Text(1, []byte("N"))
		b.Number(2, 1.5)
		b.Missing(3)
		if !b.EndRow() {
			t.Error("a good row was set aside")
		}
		b.Line(3)
		b.Text(1, []byte("S")) // and no day
		b.Number(2, math.Inf(1))
		b.Text(3, []byte(strings.Repeat("é", 100)))
		if b.EndRow() {
			t.Error("a bad row was kept")
		}
		b.Line(5)
		b.Day(0, NewDay(2020, 1, 2))
		b.EndRow()

		got := b.Table()
		if got.Rows() != 2 || got.Column("wind").Text(1) != "" || got.Column("sales").Text(0) != "1.5" || got.Column("sales").Text(1) != "" {
			t.Errorf("%v", got.Columns())
		}
		if !slices.Equal(got.Column("wind").Levels, []string{"N", "NNE", "E"}) {
			t.Error("a category column must have the levels of its field")
		}
		report := b.Report()
		if report.Read != 3 || report.Kept != 2 || report.SetAside() != 1 || report.FaultCount != 4 {
			t.Errorf("%+v", report)
		}
		for i, column := range []string{"wind", "sales", "staff", "day"} {
			f := report.Faults[i]
			if f.Column != column || f.Line != 3 || f.Row != 1 || len(f.Value) > 64 {
				t.Errorf("fault %d: %+v", i, f)
			}
		}
		b.Reset()
		if b.Rows() != 0 || b.Table().Rows() != 0 || b.Report().Read != 0 {
			t.Error("Reset forgets everything")
		}
	}
}

func TestFaultsAreBounded(t *testing.T) {
	t.Parallel()
	b := NewBuilder(shop(), 1)
	const rows = MaxFaults + 500
	for range rows {
		b.Text(0, []byte("2020-02-30"))
		b.Number(2, 1000)
		b.EndRow()
	}
	report := b.Report()
	if report.Read != rows || report.Kept != 0 || report.FaultCount != 2*rows || len(report.Faults) != MaxFaults {
		t.Errorf("read %d, kept %d, %d faults, %d listed", report.Read, report.Kept, report.FaultCount, len(report.Faults))
	}
	var file bytes.Buffer
	if err := report.Write(&file); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf(",,,,%d more faults are not listed\n", 2*rows-MaxFaults); !strings.HasSuffix(file.String(), want) {
		t.Errorf("it must say what is cut off: %s", file.String()[file.Len()-100:])
	}
}

func TestJoinFindsDuplicates(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 5))
	for range 50 {
		// Against a map, with the input cut into any number of parts.
		rules := NewRules(shop())
		parts, lines := []*Builder{rules.Builder(1)}, []int{0}
		seen := map[string]int{}
		var kept int
		var want []string
		line := 0
		for range rng.IntN(300) {
			if rng.IntN(20) == 0 {
				parts, lines = append(parts, rules.Builder(rng.IntN(3))), append(lines, 0)
			}
			b, last := parts[len(parts)-1], len(lines)-1
			line++
			lines[last]++
			day, wind := NewDay(2020, 1, 1+rng.IntN(9)), rng.IntN(4)-1
			b.Line(lines[last])
			b.Day(0, day)
			b.Number(2, float64(rng.IntN(70))) // some are too large
			ok := !b.faulty
			if wind >= 0 {
				b.Text(1, []byte(shop().Fields[1].Categories[wind]))
			}
			b.EndRow()
			switch key := fmt.Sprint(day, wind); {
			case !ok:
				want = append(want, fmt.Sprint(line, " sales"))
			case wind >= 0 && seen[key] > 0:
				want = append(want, fmt.Sprint(line, " day, wind line ", seen[key]))
			default:
				seen[key] = line
				kept++
			}
		}
		got, report := Join(parts, lines)
		var found []string
		for _, f := range report.Faults {
			text := fmt.Sprint(f.Line, " ", f.Column)
			if f.Column != "sales" {
				text += " " + f.Rule[len("the only row of its key; "):len(f.Rule)-len(" has it already")]
			}
			found = append(found, text)
		}
		if got.Rows() != kept || !slices.Equal(found, want) {
			t.Fatalf("%d parts: %d rows of %d\n%q\nwant\n%q", len(parts), got.Rows(), kept, found, want)
		}
	}
}

func TestReportWrite(t *testing.T) {
	t.Parallel()
	report := &Report{Read: 5, Kept: 1, FaultCount: 4, Faults: []Fault{
		{Line: 3, Row: 1, Column: "a,b", Value: `=cmd|' /C calc'!A0`, Rule: `say "x"`},
		{Row: 2, Column: "c", Value: "-5", Rule: "positive"},
		{Row: 3, Column: "@c", Value: "two\nlines\xff", Rule: "one line"},
		{Row: 4, Column: "d", Value: "-1+2", Rule: "r"},
		{Row: 5, Column: "\t=e", Value: "\r=1", Rule: "\n=2"},
	}}
	var file bytes.Buffer
	if err := report.Write(&file); err != nil {
		t.Fatal(err)
	}
	cells, err := csv.NewReader(&file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"line", "row", "column", "value", "rule"},
		{"3", "2", "a,b", `'=cmd|' /C calc'!A0`, `say "x"`},
		{"", "3", "c", "-5", "positive"},
		{"", "4", "'@c", "two\nlines\uFFFD", "one line"},
		{"", "5", "d", "'-1+2", "r"},
		{"", "6", "'\t=e", "'\r=1", "'\n=2"},
	}
	for i := range want {
		if !slices.Equal(cells[i], want[i]) {
			t.Errorf("%q, want %q", cells[i], want[i])
		}
	}
}

func TestExceeds(t *testing.T) {
	t.Parallel()
	report := &Report{Read: 1000, Kept: 989, FaultCount: 12, Faults: []Fault{{Line: 7, Column: "sales", Value: "x", Rule: "a number"}}}
	if err := report.Exceeds(0.011); err != nil {
		t.Error(err)
	}
	err := report.Exceeds(0.01)
	var refused *InputError
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	for _, part := range []string{"11 of 1000 rows", "1.1 %", "at most 1 %", `line 7, column sales: "x": must be a number`, "and 11 more faults", "Correct the rows"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
	if err := new(Report).Exceeds(0); err != nil {
		t.Error(err)
	}
}

func TestSchemaCheck(t *testing.T) {
	t.Parallel()
	if err := shop().Check(); err != nil {
		t.Error(err)
	}
	err := (&Schema{
		Fields: []Field{
			{Name: "", Type: TypeNumber}, {Name: "a", Type: "text"}, {Name: "a", Type: TypeNumber, Min: bound(2), Max: bound(1)},
			{Name: "d", Type: TypeDate, Earliest: "yesterday"}, {Name: "o", Type: TypeNumber, Required: true, Optional: true}, {Name: "c", Type: TypeCategory}, {Name: "e", Type: TypeCategory, Categories: []string{"x", "x", "NA"}},
		},
		Key: []string{"nobody"}, Missing: []string{"NA"},
	}).Check()
	for _, part := range []string{"field 1 has no name", `field a: type "text"`, "field a is there twice", "min must not be above max", "field d: earliest", "field c: a category needs", `"x" is empty, there twice`, `"NA" is empty`, "field o: it may never be missing", "key nobody"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %v", part, err)
		}
	}
}

func TestReportOfSeveralFiles(t *testing.T) {
	t.Parallel()
	report := &Report{FaultCount: 3, Faults: []Fault{{File: "a.csv", Line: 2, Column: "c", Value: "x", Rule: "r"}, {Line: 3, Row: 1, Column: "c", Value: "y", Rule: "r"}}}
	var file bytes.Buffer
	if err := report.Write(&file); err != nil {
		t.Fatal(err)
	}
	const want = "file,line,row,column,value,rule\na.csv,2,1,c,x,r\n,3,2,c,y,r\n,,,,,1 more faults are not listed\n"
	if file.String() != want {
		t.Errorf("%s", &file)
	}
}

package recipe

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
)

func encoding() Recipe {
	return Recipe{
		&Clip{Columns: []string{"warm"}},
		&SetMissing{Columns: []string{"cloud"}, Values: []float64{9}},
		&Lookup{Column: "place", Into: []string{"lat", "lon"}, Values: map[string][]float64{"North": {-10, 130.5}, "South": {-40, 145}}},
		&Compass{Columns: []string{"wind"}},
		&DateParts{Column: "day", Year: "year", Month: "month", Day: "day"},
		&Indicator{Columns: []string{"wet"}, Value: "Yes"},
		&Difference{Column: "difference", Of: "warm", Minus: "cloud"},
		&FillMedian{},
		&Select{Columns: []string{"wet", "year", "month", "day", "warm", "lat", "lon", "wind_sin", "wind_cos", "difference"}},
		&Standardise{},
	}
}

func TestInverse(t *testing.T) {
	t.Parallel()
	fields, _ := small() // day, place, wind, wet, warm, cloud
	inverse, err := Invert(encoding(), fields)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"wet", "year", "month", "day", "warm", "lat", "lon", "wind_sin", "wind_cos", "difference"}
	if got := inverse.Features(); !slices.Equal(got, want) {
		t.Fatalf("features %q, want %q", got, want)
	}
	nan, inf := math.NaN(), math.Inf(1)
	leap := float64(table.NewDay(2024, 2, 29))
	tests := []struct {
		name     string
		features []float64
		want     []float64
		bad      string
	}{
		{"exact", []float64{1, 2024, 2, 29, 21.5, -40, 145, 1, 0, 3}, []float64{leap, 1, 1, 1, 21.5, nan}, ""},
		{"nearest", []float64{0, 2024, 2, 29, -3, -20, 140, 0.3, -0.4, nan}, []float64{leap, 0, 2, 0, -3, nan}, ""},
		{"missing", []float64{nan, 2024, nan, 29, nan, -40, nan, nan, 1, nan}, []float64{nan, nan, nan, nan, nan, nan}, ""},
		{"30 February", []float64{1, 2024, 2, 30, 1, -40, 145, 1, 0, 0}, []float64{nan, 1, 1, 1, 1, nan}, "day"},
		{"29 February", []float64{1, 2023, 2, 29, 1, -40, 145, 1, 0, 0}, []float64{nan, 1, 1, 1, 1, nan}, "day"},
		{"day 0", []float64{1, 2023, 2, 0, 1, -40, 145, 1, 0, 0}, []float64{nan, 1, 1, 1, 1, nan}, "day"},
		{"day 1e300", []float64{1, 2023, 2, 1e300, 1, -40, 145, 1, 0, 0}, []float64{nan, 1, 1, 1, 1, nan}, "day"},
		{"month 13", []float64{1, 2023, 13, 1, 1, -40, 145, 1, 0, 0}, []float64{nan, 1, 1, 1, 1, nan}, "month"},
		{"year 2023.5", []float64{1, 2023.5, 1, 1, 1, -40, 145, 1, 0, 0}, []float64{nan, 1, 1, 1, 1, nan}, "year"},
		{"year infinite", []float64{1, inf, 1, 1, 1, -40, 145, 1, 0, 0}, []float64{nan, 1, 1, 1, 1, nan}, "year"},
		{"half wet", []float64{0.5, 2024, 2, 29, 1, -40, 145, 1, 0, 0}, []float64{leap, 1, 1, nan, 1, nan}, "wet"},
		{"no direction", []float64{1, 2024, 2, 29, 1, -40, 145, 0, 0, 0}, []float64{leap, 1, nan, 1, 1, nan}, ""},
		{"infinite cosine", []float64{1, 2024, 2, 29, 1, -40, 145, 0, inf, 0}, []float64{leap, 1, nan, 1, 1, nan}, "wind_cos"},
		{"nowhere", []float64{1, 2024, 2, 29, 1, -40, -inf, 1, 0, 0}, []float64{leap, nan, 1, 1, 1, nan}, "lon"},
	}
	for _, test := range tests {
		got := make([]float64, len(fields))
		if bad := inverse.Row(got, test.features); bad != test.bad {
			t.Errorf("%s: bad is %q, want %q", test.name, bad, test.bad)
		}
		if !slices.EqualFunc(got, test.want, same) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func same(a, b float64) bool { return a == b || a != a && b != b }

// TestThereAndBack encodes whole observations and turns them back, for columns
// that go, that are kept, and for features in every one of their categories.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	fields, in := small()
	values := map[string][]float64{"North": {-10, 130.5}, "South": {-40, 145}}
	for name, r := range map[string]Recipe{
		"classic": {&DateParts{Column: "day", Year: "y", Month: "m", Day: "d"}, &Indicator{Columns: []string{"wet"}, Value: "No"}, &Compass{Columns: []string{"wind"}},
			&Lookup{Column: "place", Into: []string{"lat", "lon"}, Values: values}},
		"one hot": {&OneHot{}},
		"kept": {&DateParts{Column: "day", Month: "m", Keep: true}, &Season{Column: "day", Keep: true}, &OneHot{Keep: true}, &Compass{Columns: []string{"wind"}, Keep: true},
			&Lookup{Column: "place", Into: []string{"lat", "lon"}, Values: values, Keep: true}},
		"nothing": nil,
	} {
		f, err := r.Fit(fields, in)
		if err != nil {
			t.Fatal(err)
		}
		inverse, err := Invert(r, fields)
		if err != nil {
			t.Fatal(err)
		}
		day := float64(table.NewDay(1899, 12, 31))
		for place := range 2 {
			for wind := range 4 {
				for wet := range 2 {
					want := []float64{day, float64(place), float64(wind), float64(wet), 12.5, 3}
					day += 12345 / 7
					features, got := make([]float64, len(f.Output())), make([]float64, len(want))
					f.ApplyRow(features, want)
					if bad := inverse.Row(got, features); bad != "" || !slices.Equal(got, want) {
						t.Errorf("%s: %v comes back as %v, bad %q", name, want, got, bad)
					}
				}
			}
		}
	}
}

// TestKeptColumnsCount leaves encodings alone that contradict the column itself.
func TestKeptColumnsCount(t *testing.T) {
	t.Parallel()
	fields, _ := small()
	r := Recipe{&Compass{Columns: []string{"wind"}, Keep: true}, &DateParts{Column: "day", Year: "y", Month: "m", Day: "d", Keep: true}}
	inverse, err := Invert(r, fields)
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{19782, 1, 2, 0, 12.5, 3}
	features, got := append(slices.Clone(want), 0, 0, 2023, 2, 30), make([]float64, len(fields))
	if bad := inverse.Row(got, features); bad != "" || !slices.Equal(got, want) {
		t.Errorf("%v, bad %q: want %v", got, bad, want)
	}
}

// TestMoreCategories turns back an indicator of one among three, and indicators that say nothing.
func TestMoreCategories(t *testing.T) {
	t.Parallel()
	fields, nan, inf := []table.Field{{Name: "c", Type: table.TypeCategory, Categories: []string{"x", "y", "z"}}}, math.NaN(), math.Inf(1)
	for _, test := range []struct {
		step     Step
		features []float64
		want     float64
		bad      string
	}{
		{&Indicator{Columns: []string{"c"}, Value: "y"}, []float64{1}, 1, ""},
		{&Indicator{Columns: []string{"c"}, Value: "y"}, []float64{0}, nan, ""},
		{&OneHot{}, []float64{0, 0.2, 0.7}, 2, ""},
		{&OneHot{}, []float64{0, 0, 0}, nan, ""},
		{&OneHot{}, []float64{nan, 0, 1}, 2, ""},
		{&OneHot{}, []float64{0, inf, 1}, nan, "c=y"},
	} {
		inverse, err := Invert(Recipe{test.step}, fields)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float64, 1)
		if bad := inverse.Row(got, test.features); bad != test.bad || !same(got[0], test.want) {
			t.Errorf("%s %v: %v, bad %q; want %v, %q", test.step.Kind(), test.features, got[0], bad, test.want, test.bad)
		}
	}
	// An indicator among the features is needed, or the category cannot be told.
	inverse, err := Invert(Recipe{&OneHot{}, &Drop{Columns: []string{"c=x"}}, &Difference{Column: "d", Of: "c=y", Minus: "c=z"}}, fields)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float64, 1)
	if bad := inverse.Row(got, []float64{1, 0, 1}); bad != "" || got[0] == got[0] {
		t.Errorf("%v, bad %q: want missing", got[0], bad)
	}
}

func TestInverseForgets(t *testing.T) {
	t.Parallel()
	fields, _ := small()
	// A column that was dropped, and another one of its name.
	inverse, err := Invert(Recipe{&Drop{Columns: []string{"cloud"}}, &Difference{Column: "cloud", Of: "warm", Minus: "warm"}, &Season{Column: "day"}}, fields)
	if err != nil {
		t.Fatal(err)
	}
	features, got := make([]float64, len(inverse.Features())), make([]float64, len(fields))
	if bad := inverse.Row(got, features); bad != "" || !math.IsNaN(got[5]) || !math.IsNaN(got[0]) || got[4] != 0 {
		t.Errorf("%v, bad %q: want day and cloud missing", got, bad)
	}
}

func TestCalendar(t *testing.T) {
	t.Parallel()
	for day := table.Day(-800_000); day < 800_000; day += 13 {
		y, m, d := civil(int(day))
		if wantY, wantM, wantD := day.Date(); y != wantY || m != wantM || d != wantD {
			t.Fatalf("day %d is %d-%d-%d, package time has %d-%d-%d", day, y, m, d, wantY, wantM, wantD)
		}
		if back := dayOf(y, m, d); back != int(day) {
			t.Fatalf("%d-%d-%d is day %d, want %d", y, m, d, back, day)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	fields, in := small()
	f, err := encoding().Fit(fields, in)
	if err != nil {
		t.Fatal(err)
	}
	inverse, err := Invert(encoding(), fields)
	if err != nil {
		t.Fatal(err)
	}
	src, dst := make([]float64, len(fields)), make([]float64, len(f.Output()))
	if n := testing.AllocsPerRun(1000, func() { f.ApplyRow(dst, src) }); n != 0 {
		t.Errorf("ApplyRow allocates %v times", n)
	}
	if n := testing.AllocsPerRun(1000, func() { inverse.Row(src, dst) }); n != 0 {
		t.Errorf("Row allocates %v times", n)
	}
}

// TestParts fits the two halves of a recipe one after the other, as a whole.
func TestParts(t *testing.T) {
	t.Parallel()
	fields, in := small()
	r := encoding()
	whole, err := r.Fit(fields, in)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(r) + 1 {
		head, err := r[:n].Fit(fields, in)
		if err != nil {
			t.Fatal(err)
		}
		between, err := head.Apply(in)
		if err != nil {
			t.Fatal(err)
		}
		tail, err := r[n:].Fit(head.Output(), between)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := tail.Apply(between)
		want, _ := whole.Apply(in)
		if !reflect.DeepEqual(tableText(got), tableText(want)) {
			t.Errorf("divided before step %d: %q, want %q", n+1, tableText(got), tableText(want))
		}
	}
}

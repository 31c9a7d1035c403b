package recipe

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	tests := []struct {
		step Step
		want []string // one part of each fault, in order
	}{
		{&Clip{Columns: []string{"warm", "wrm", "warm", "wind"}, IQR: -1, Lower: map[string]float64{"cloud": 1}, Upper: map[string]float64{"warm": nan}}, []string{
			`step 1 (clip), columns: no column "wrm"; there are day, place, wind, wet, warm, cloud`,
			`columns: "warm" stands there twice`,
			`column "wind" is a category, want a number`,
			`iqr: -1 must be a number from 0`,
			`lower: "cloud" is not a column that is clipped; those are warm`,
			`upper: NaN for "warm" must be a finite number`,
		}},
		{&Clip{Lower: map[string]float64{"warm": 2}, Upper: map[string]float64{"warm": 1}}, []string{`upper: 1 for "warm" is less than its lower bound, 2`}},
		{&SetMissing{}, []string{"values: must not be empty", "columns: must not be empty"}},
		{&DateParts{Column: "warm"}, []string{`column: column "warm" is a number, want a date`, "name at least one of year, month and day"}},
		{&DateParts{Column: "day", Year: "warm"}, []string{`year: there is a column "warm" already`}},
		{&Season{Column: "date"}, []string{`no column "date"`}},
		{&Season{Column: "day", Sine: "x", Cosine: "x"}, []string{`cosine: there is a column "x" already`}},
		{&Indicator{Columns: []string{"wet"}, Value: "yes"}, []string{`value: "yes" is not a category of "wet", which has No, Yes`}},
		{&Lookup{Column: "place", Into: []string{"lat", "lat"}, Values: map[string][]float64{"South": {1}}}, []string{
			"values: no numbers for North", `values: "South" has 1 numbers, want 2: one for each of into`, `into: there is a column "lat" already`}},
		{&Lookup{Column: "place", Values: map[string][]float64{}}, []string{"into: must not be empty", "no numbers for North, South"}},
		{&Lookup{Column: "place", Into: []string{"x"}, Values: map[string][]float64{"North": {nan}, "South": {1}}}, []string{`values: NaN for "North" must be a finite number`}},
		{&Compass{Columns: []string{"wind"}, Points: []string{"N", "E", "N", "S"}}, []string{`points: "N" stands there twice`, `points: "W", a category of "wind", is not among N, E, N, S`}},
		{&Compass{}, []string{"columns: must not be empty"}},
		{&OneHot{Columns: []string{"warm"}}, []string{`column "warm" is a number, want a category`}},
		{&Difference{Column: "", Of: "a", Minus: "wind"}, []string{`of: no column "a"`, `minus: column "wind" is a category, want a number`, "column: a column needs a name"}},
		{&FillMode{Columns: []string{"wind"}, Within: []string{"wind", "day", "wind"}}, []string{
			`within: column "day" is a date, want a number or a category`, `within: "wind" stands there twice`, `within: "wind" is filled by this step`}},
		{&FillMedian{Columns: []string{"wind"}}, []string{`column "wind" is a category, want a number`}},
		{&Standardise{Columns: []string{"x"}}, []string{`no column "x"`}},
		{&Drop{Columns: []string{"x", "y"}}, []string{`no column "x"`, `no column "y"`}},
		{&Drop{}, []string{"columns: must not be empty"}},
		{&Select{Columns: []string{"warm", "warm"}}, []string{`columns: "warm" stands there twice`}},
		{&Select{}, []string{"columns: must not be empty"}},
	}
	fields, in := small()
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s %v", test.step.Kind(), test.want), func(t *testing.T) {
			t.Parallel()
			_, faults := Recipe{test.step}.Check(fields)
			for i, want := range test.want {
				if i >= len(faults) || !strings.Contains(faults[i].Error(), want) {
					t.Errorf("fault %d of %v, want %q", i+1, faults, want)
				}
			}
			if len(faults) > len(test.want) {
				t.Errorf("%d faults, want %d: %v", len(faults), len(test.want), faults)
			}
			if _, err := (Recipe{test.step}).Fit(fields, in); err == nil {
				t.Error("Fit accepts it")
			}
			if _, err := Invert(Recipe{test.step}, fields); err == nil {
				t.Error("Invert accepts it")
			}
		})
	}
}

// TestCheckGoesOn finds faults in several steps at once, and none that only follow from another.
func TestCheckGoesOn(t *testing.T) {
	t.Parallel()
	fields, _ := small()
	r := Recipe{
		&DateParts{Column: "date", Month: "month"},
		&FillMode{Columns: []string{"wind"}, Within: []string{"month"}},
		&Indicator{Columns: []string{"wet"}, Value: "maybe"},
		&Standardise{Columns: []string{"wet", "month", "warmth"}},
	}
	_, faults := r.Check(fields)
	var at []int
	for _, f := range faults {
		at = append(at, f.Step)
	}
	if fmt.Sprint(at) != "[0 2 3]" {
		t.Errorf("faults in steps %v, want [0 2 3]: %v", at, faults)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	many := make([]table.Field, maxColumns+1)
	for i := range many {
		many[i] = plain(fmt.Sprint("x", i))
	}
	categories := make([]string, maxColumns)
	for i := range categories {
		categories[i] = fmt.Sprint(i)
	}
	fields, _ := small()
	tests := []struct {
		do     Recipe
		fields []table.Field
		want   string
	}{
		{nil, many, "fields: 65537 columns are too many; at most 65536 can be handled"},
		{Recipe{&OneHot{}}, []table.Field{{Name: "x", Type: table.TypeCategory, Categories: categories}}, "more than 65536 columns"},
		{make(Recipe, maxSteps+1), fields, "1001 steps are too many"},
		{Recipe{&Drop{Columns: categories}}, fields, `no column "7"`},
		{nil, []table.Field{{Name: "x", Type: "text"}}, `the type of "x" is "text", want number, integer, category or date`},
		{nil, []table.Field{plain("x"), plain("x")}, `there is a column "x" already`},
	}
	for _, test := range tests {
		for i, step := range test.do {
			if step == nil {
				test.do[i] = &FillMedian{}
			}
		}
		_, faults := test.do.Check(test.fields)
		err := join(faults)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
		if len(faults) > maxFaults {
			t.Errorf("%d faults, want at most %d", len(faults), maxFaults)
		}
		if len(faults) == maxFaults && !strings.Contains(faults[maxFaults-1].Rule, "and more mistakes") {
			t.Errorf("the last fault is %v, and does not say that there are more", faults[maxFaults-1])
		}
	}
}

func TestNewStep(t *testing.T) {
	t.Parallel()
	for _, kind := range Kinds() {
		step, ok := NewStep(kind)
		if !ok || step.Kind() != kind {
			t.Errorf("NewStep(%q) is %v, %v", kind, step, ok)
		}
	}
	for i := range steps {
		if kind := steps[i].fitted().Kind(); kind != steps[i].kind {
			t.Errorf("the fitted step of %q is a %q", steps[i].kind, kind)
		}
	}
	if step, ok := NewStep("scale"); ok {
		t.Errorf("NewStep of an unknown kind is %v", step)
	}
}

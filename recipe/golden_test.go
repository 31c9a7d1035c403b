package recipe

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
)

// TestGolden compares what the steps learn with NumPy, pandas and scikit-learn
// (testdata/golden.py): order statistics and modes exactly, moments to 1e-12.
func TestGolden(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Numbers map[string][]*float64
		Group   []float64
		Letter  []*string
		Learnt  map[string]struct{ Lower, Upper, Median, Mean, Deviation float64 }
		Modes   map[string]string
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	levels := []string{"c", "b", "a"}
	codes := make([]int32, len(golden.Letter))
	for i, letter := range golden.Letter {
		codes[i] = table.MissingCode
		for code, level := range levels {
			if letter != nil && *letter == level {
				codes[i] = int32(code)
			}
		}
	}
	columns := []*table.Column{table.Categories("letter", codes, levels), table.Numbers("group", golden.Group)}
	fields := []table.Field{{Name: "letter", Type: table.TypeCategory, Categories: levels}, {Name: "group", Type: table.TypeInteger}}
	names := sortedKeys(golden.Learnt)
	for _, name := range names {
		x := make([]float64, len(golden.Numbers[name]))
		for i, v := range golden.Numbers[name] {
			x[i] = table.Missing
			if v != nil {
				x[i] = *v
			}
		}
		columns, fields = append(columns, table.Numbers(name, x)), append(fields, plain(name))
	}
	whole := table.New(columns...)

	fit := func(step Step) FittedStep {
		f, err := Recipe{step}.Fit(fields, whole)
		if err != nil {
			t.Fatal(err)
		}
		return f.Steps()[0]
	}
	bounds := fit(&Clip{Columns: names}).(*Bounds)
	medians := fit(&FillMedian{Columns: names}).(*Medians)
	scale := fit(&Standardise{Columns: names}).(*Scale)
	for k, name := range names {
		want := golden.Learnt[name]
		if bounds.Lower[k] != want.Lower || bounds.Upper[k] != want.Upper {
			t.Errorf("%s: bounds %v and %v, NumPy has %v and %v", name, bounds.Lower[k], bounds.Upper[k], want.Lower, want.Upper)
		}
		if medians.Median[k] != want.Median {
			t.Errorf("%s: median %v, scikit-learn has %v", name, medians.Median[k], want.Median)
		}
		if !near(scale.Mean[k], want.Mean, 1e-12) || !near(scale.Deviation[k], want.Deviation, 1e-12) {
			t.Errorf("%s: mean %v and deviation %v, scikit-learn has %v and %v", name, scale.Mean[k], scale.Deviation[k], want.Mean, want.Deviation)
		}
	}

	modes := fit(&FillMode{Columns: []string{"letter"}, Within: []string{"group"}}).(*Modes)
	got := make(map[string]string)
	for g, group := range modes.Groups {
		got[group[0]] = modes.Modes[g][0]
	}
	for group, want := range golden.Modes {
		if got[group] != want {
			t.Errorf("group %s: mode %q, pandas has %q", group, got[group], want)
		}
	}
}

// near says whether a and b agree to a relative error.
func near(a, b, relative float64) bool {
	return math.Abs(a-b) <= relative*math.Max(math.Abs(a), math.Abs(b))
}

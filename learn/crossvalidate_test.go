package learn_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/tree"
	"github.com/pluvia-ml/pluvia/table"
)

// share is a classifier that says of every row the share of positives that it
// was fitted on.
type share struct{ fitted *[]int }

type constant float64

func (s share) Fit(_ context.Context, train learn.Train) (learn.Model, error) {
	if train.X.Column("x").Numbers[0] < 0 {
		return nil, errors.New("a negative number")
	}
	positives := 0
	for _, y := range train.Y {
		if y {
			positives++
		}
	}
	*s.fitted = append(*s.fitted, train.X.Rows())
	return constant(float64(positives) / float64(len(train.Y))), nil
}

func (c constant) Probability([]float64) float64 { return float64(c) }
func (c constant) Importance() []float64         { return []float64{0} }
func (c constant) Probabilities(dst []float64, x *table.Table) []float64 {
	return slices.Repeat([]float64{float64(c)}, x.Rows())
}

func TestCrossValidateJudgesEachFoldByTheRest(t *testing.T) {
	t.Parallel()
	y := []bool{true, false, true, false, true, true}
	train := learn.Train{X: table.New(table.Numbers("x", []float64{0, 1, 2, 3, 4, 5})), Y: y}
	told := 0
	train.Progress = func(done, total int) { told = 10*total + done }
	folds := []learn.Fold{{Train: []int{0, 1, 2, 3}, Test: []int{4, 5}}, {Train: []int{1, 3, 4, 5}, Test: []int{0, 2}}, {Train: []int{0, 2, 4, 5}, Test: []int{1, 3}}}
	brier, _ := learn.MetricByName("brier")
	var fitted []int
	scores, err := learn.CrossValidate(context.Background(), share{&fitted}, train, folds, brier)
	if err != nil || !slices.Equal(scores, []float64{.25, .25, 1}) || !slices.Equal(fitted, []int{4, 4, 4}) || told != 33 {
		t.Errorf("%v, %v, fitted on %v rows, told %d", scores, err, fitted, told)
	}

	train.X = table.New(table.Numbers("x", []float64{0, -1, 2, 3, 4, 5}))
	if _, err := learn.CrossValidate(context.Background(), share{&fitted}, train, folds, brier); err == nil || !strings.Contains(err.Error(), "fold 2 of 3: a negative number") {
		t.Errorf("error %v", err)
	}
	if _, err := learn.CrossValidate(context.Background(), share{&fitted}, learn.Train{}, folds, brier); err == nil {
		t.Error("no rows are cross-validated")
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	x := table.New(table.Numbers("x", []float64{1, 2}))
	y := []bool{true, false}
	for name, c := range map[string]struct {
		train learn.Train
		want  string
	}{
		"good":          {learn.Train{X: x, Y: y}, ""},
		"nothing":       {learn.Train{}, "no rows"},
		"no columns":    {learn.Train{X: table.New()}, "no rows"},
		"labels":        {learn.Train{X: x, Y: y[:1]}, "1 labels for 2 rows"},
		"one class":     {learn.Train{X: x, Y: []bool{true, true}}, "all 2 labels are true"},
		"validation":    {learn.Train{X: x, Y: y, Valid: learn.Labelled{X: x, Y: y[:1]}}, "validation part: 1 labels for 2 rows"},
		"other columns": {learn.Train{X: x, Y: y, Valid: learn.Labelled{X: table.New(table.Numbers("z", []float64{1})), Y: y[:1]}}, `validation part has columns ["z"]`},
	} {
		err := c.train.Check()
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestWhatThePartsMakeTogether is the way of a whole comparison: fit on the
// past, choose the threshold on the next part, judge on the last.
func TestWhatThePartsMakeTogether(t *testing.T) {
	t.Parallel()
	const n = 1200
	x, days, y := make([]float64, n), make([]table.Day, n), make([]bool, n)
	for i := range x {
		x[i] = math.Mod(float64(i)*.618034, 1)
		days[i] = table.Day(i / 4)
		y[i] = x[i] > .7 != (i%7 == 0)
	}
	parts, err := learn.ByDay(days, 150, 200)
	if err != nil {
		t.Fatal(err)
	}
	features := table.New(table.Numbers("x", x))
	model, err := tree.Tree{MaxDepth: 3, MinSamplesLeaf: 20}.Fit(context.Background(), learn.Train{X: features.Take(parts[0]), Y: learn.Labels(y, parts[0])})
	if err != nil {
		t.Fatal(err)
	}
	threshold, _ := learn.BestThreshold(learn.Labels(y, parts[1]), model.Probabilities(nil, features.Take(parts[1])))
	testDays := table.Dates("day", days).Take(parts[2]).Days
	p := learn.Predictions{P: model.Probabilities(nil, features.Take(parts[2])), Threshold: threshold}
	got, err := learn.Bootstrap(context.Background(), learn.Labels(y, parts[2]), testDays, learn.Resampling{Replicates: 200, Seed: 1}, p)
	if f1 := got["f1"]; err != nil || !(f1.Low < f1.Value && f1.Value < f1.High && f1.Value > .6) {
		t.Errorf("F1 %+v, %v", f1, err)
	}
}

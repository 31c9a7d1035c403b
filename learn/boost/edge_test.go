package boost

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/table"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	ok := made(50, 1)
	x := table.New(table.Numbers("a", []float64{1, 2, 3}))
	y := []bool{true, false, true}
	for name, test := range map[string]struct {
		change func(*Boost)
		train  learn.Train
		want   []string
	}{
		"no table":      {train: learn.Train{Y: y}, want: []string{"training part has no rows"}},
		"no rows":       {train: learn.Train{X: table.New(table.Numbers("a", []float64{}))}, want: []string{"no rows"}},
		"lengths":       {train: learn.Train{X: x, Y: y[:2]}, want: []string{"3 rows but 2 labels"}},
		"one class":     {train: learn.Train{X: x, Y: []bool{true, true, true}}, want: []string{"all 3 training rows have the label true", "both classes"}},
		"date":          {train: learn.Train{X: table.New(table.Dates("when", []table.Day{1, 2, 3})), Y: y}, want: []string{`"when"`, "date", "number or a category"}},
		"no validation": {func(b *Boost) { b.EarlyStopping = 5 }, learn.Train{X: x, Y: y}, []string{"early_stopping is 5", "Train.Valid"}},
		"other columns": {train: learn.Train{X: x, Y: y, Valid: ok}, want: []string{"4 columns, training has 1"}},
		"other name": {
			train: learn.Train{X: x, Y: y, Valid: learn.Labelled{X: table.New(table.Numbers("b", []float64{1})), Y: y[:1]}},
			want:  []string{"column 1 is a number[3]", "b number[1]"},
		},
		"other levels": {
			train: learn.Train{
				X: table.New(table.Categories("a", []int32{0, 1, 0}, []string{"x", "y"})), Y: y,
				Valid: learn.Labelled{X: table.New(table.Categories("a", []int32{0}, []string{"y", "x"})), Y: y[:1]},
			},
			want: []string{`"a"`, "levels"},
		},
		"parameters": {
			func(b *Boost) { *b = Boost{Metric: "x"} }, learn.Train{X: x, Y: y},
			[]string{"n_estimators is 0", "learning_rate is 0", "max_leaf_nodes", "max_bins is 0, must be from 2 to 255", "subsample", `metric is "x"`, "roc_auc"},
		},
		"not a number": {func(b *Boost) { b.L2, b.LearningRate = math.NaN(), math.Inf(1) }, learn.Train{X: x, Y: y}, []string{"l2_regularization is NaN", "learning_rate is +Inf"}},
	} {
		b := Default()
		if test.change != nil {
			test.change(&b)
		}
		m, err := b.Fit(context.Background(), test.train)
		if err == nil || m != nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", name, err, want)
			}
		}
	}
}

// TestOddTables: nothing to learn from gives the share of positives, anything
// else gives probabilities.
func TestOddTables(t *testing.T) {
	t.Parallel()
	const n = 200
	nan, same, two := filled(n, math.NaN()), filled(n, 7), filled(n, 0)
	y := make([]bool, n)
	for i := range y {
		y[i] = i%4 == 0
		two[i] = float64(i % 2)
	}
	codes := make([]int32, n)
	for i := range codes {
		codes[i] = -1
	}
	for name, test := range map[string]struct {
		x     *table.Table
		learn bool
	}{
		"nan everywhere":      {table.New(table.Numbers("a", nan), table.Numbers("b", nan)), false},
		"constant":            {table.New(table.Numbers("a", same)), false},
		"all missing":         {table.New(table.Categories("a", codes, []string{"x"})), false},
		"two values":          {table.New(table.Numbers("a", two)), true},
		"beside the constant": {table.New(table.Numbers("a", same), table.Numbers("b", two), table.Numbers("c", two)), true},
	} {
		m := fitted(t, Default(), learn.Train{X: test.x, Y: y})
		p := m.Probabilities(nil, test.x)
		if !test.learn {
			if math.Abs(p[0]-0.25) > 1e-3 || slices.Min(p) != slices.Max(p) || slices.Max(m.Importance()) != 0 {
				t.Errorf("%s: %v to %v, importance %v", name, slices.Min(p), slices.Max(p), m.Importance())
			}
			continue
		}
		if p[0] < 0.48 || p[1] > 0.02 { // even rows are half positive, odd ones never
			t.Errorf("%s: %v and %v", name, p[0], p[1])
		}
	}
}

func TestTiny(t *testing.T) {
	t.Parallel()
	b := Default()
	b.MinLeafRows, b.MinLeafHessian = 1, 0
	for n := 2; n < 40; n++ {
		a, y := make([]float64, n), make([]bool, n)
		for i := range n {
			a[i], y[i] = float64(i), i >= n/2
		}
		x := table.New(table.Numbers("a", a))
		p := fitted(t, b, learn.Train{X: x, Y: y}).Probabilities(nil, x)
		for i := range p {
			if (p[i] > 0.5) != y[i] || math.IsNaN(p[i]) {
				t.Fatalf("%d rows: row %d has %v", n, i, p[i])
			}
		}
	}
}

// TestDuplicates: every row twice, with twice the bounds, is the same model to
// the precision of fixed point.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	data := made(1000, 4)
	rows := make([]int, 0, 2000)
	y := make([]bool, 0, 2000)
	for i := range data.Y {
		rows, y = append(rows, i, i), append(y, data.Y[i], data.Y[i])
	}
	b := Default()
	b.Trees, b.MaxBins = 10, 255
	once := fitted(t, b, learn.Train{X: data.X.Without("d"), Y: data.Y})
	b.MinLeafRows, b.MinLeafHessian = 2*b.MinLeafRows, 2*b.MinLeafHessian
	twice := fitted(t, b, learn.Train{X: data.X.Without("d").Take(rows), Y: y})
	p, q := once.Probabilities(nil, data.X.Without("d")), twice.Probabilities(nil, data.X.Without("d"))
	for i := range p {
		if math.Abs(p[i]-q[i]) > 1e-4 {
			t.Fatalf("row %d: %v once, %v twice", i, p[i], q[i])
		}
	}
}

// TestMissing: when only what is missing tells the classes apart, it is learnt,
// on either side, and a category that was never seen counts as missing.
func TestMissing(t *testing.T) {
	t.Parallel()
	const n = 1000
	for _, positive := range []bool{false, true} {
		a, codes, y := make([]float64, n), make([]int32, n), make([]bool, n)
		for i := range n {
			a[i], codes[i], y[i] = float64(i%10), int32(i%10), !positive
			if i%3 == 0 {
				a[i], codes[i], y[i] = math.NaN(), -1, positive
			}
		}
		levels := strings.Split("abcdefghijkl", "")
		for _, c := range []*table.Column{table.Numbers("a", a), table.Categories("a", codes, levels)} {
			m := fitted(t, Default(), learn.Train{X: table.New(c), Y: y})
			probe := []float64{math.NaN()}
			if c.Kind == table.Category {
				probe = append(probe, 11, 1e9, -3)
			}
			for _, v := range probe {
				if p := m.Probability([]float64{v}); (p > 0.5) != positive {
					t.Errorf("%v, missing is %v: %v has probability %v", c, positive, v, p)
				}
			}
			if p := m.Probability([]float64{4}); (p > 0.5) == positive {
				t.Errorf("%v, missing is %v: 4 has probability %v", c, positive, p)
			}
		}
	}
}

// TestManyLevels: more categories than bins; the rare ones share one.
func TestManyLevels(t *testing.T) {
	t.Parallel()
	const n, levels = 30_000, 1000
	codes, y := make([]int32, n), make([]bool, n)
	for i := range n {
		codes[i] = int32(i * i % 997 % levels)
		y[i] = codes[i]%2 == 0
	}
	x := table.New(table.Categories("a", codes, make([]string, levels)))
	m := fitted(t, Default(), learn.Train{X: x, Y: y})
	if a := auc(y, m.Probabilities(nil, x)); a < 0.7 {
		t.Errorf("AUC %v", a)
	}
}

func TestEarlyStopping(t *testing.T) {
	t.Parallel()
	train, valid := made(2000, 1), made(2000, 2)
	for _, metric := range []string{"log_loss", "roc_auc"} {
		b := Default()
		b.Trees, b.LearningRate, b.Metric = 200, 0.3, metric
		judge, _ := learn.MetricByName(metric)
		best, bestTrees := math.NaN(), 0
		all := fitted(t, b, learn.Train{X: train.X, Y: train.Y})
		for trees := 1; trees <= b.Trees; trees++ {
			part := *all
			part.truncate(trees)
			if score := judge.Score(valid.Y, part.Probabilities(nil, valid.X), 0.5); bestTrees == 0 || judge.Better(score, best) {
				best, bestTrees = score, trees
			} else if trees-bestTrees == 15 {
				break
			}
		}
		b.EarlyStopping = 15
		told := 0
		stopped := fitted(t, b, learn.Train{X: train.X, Y: train.Y, Valid: valid, Progress: func(done, _ int) { told = done }})
		if stopped.Trees() != bestTrees || bestTrees > 150 {
			t.Errorf("%s: kept %d trees, the best has %d", metric, stopped.Trees(), bestTrees)
		}
		if told < bestTrees {
			t.Errorf("%s: progress ended at %d of at least %d", metric, told, bestTrees)
		}
	}
}

func TestSampling(t *testing.T) {
	t.Parallel()
	train, test := made(4000, 1), made(4000, 2)
	b := Default()
	b.Subsample, b.Colsample = 0.5, 0.5
	one := fitted(t, b, learn.Train{X: train.X, Y: train.Y})
	b.Seed++
	other := fitted(t, b, learn.Train{X: train.X, Y: train.Y})
	p, q := one.Probabilities(nil, test.X), other.Probabilities(nil, test.X)
	if slices.Equal(p, q) {
		t.Error("two seeds give one model")
	}
	if a := auc(test.Y, p); a < 0.8 {
		t.Errorf("AUC %v", a)
	}
}

// TestCancel runs alone, as it looks at the time, and thrice, as others may
// have the processors.
func TestCancel(t *testing.T) {
	data := made(200_000, 1)
	b := Default()
	b.Trees = 10_000
	for _, after := range []time.Duration{0, 5 * time.Millisecond, 300 * time.Millisecond} {
		least := time.Hour
		for range 3 {
			ctx, cancel := context.WithTimeout(context.Background(), after)
			begin := time.Now()
			_, err := b.Fit(ctx, learn.Train{X: data.X, Y: data.Y})
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after %v: %v", after, err)
			}
			least = min(least, time.Since(begin)-after)
		}
		if least > 100*time.Millisecond {
			t.Errorf("after %v: it went on for %v", after, least)
		}
	}
}

func TestImportance(t *testing.T) {
	t.Parallel()
	data := made(5000, 1)
	got := fitted(t, Default(), learn.Train{X: data.X, Y: data.Y}).Importance()
	sum := 0.0
	for _, v := range got {
		sum += v
	}
	if math.Abs(sum-1) > 1e-12 || got[2] > 0.25 || got[0] < got[2] || got[3] < got[2] { // c is noise
		t.Errorf("importance %v", got)
	}
}

package boost

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/table"
)

// made is a table of n rows with numbers, few and many distinct values, a
// category and missing values, and labels that depend on them.
func made(n int, seed uint64) learn.Labelled {
	r := rand.New(rand.NewPCG(seed, 1))
	a, b, c := make([]float64, n), make([]float64, n), make([]float64, n)
	codes := make([]int32, n)
	y := make([]bool, n)
	levels := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"}
	for i := range n {
		a[i], b[i], c[i] = r.NormFloat64(), float64(r.IntN(7)), r.Float64()
		codes[i] = int32(r.IntN(len(levels)+1)) - 1
		z := a[i] + 0.3*b[i] - 1 + float64(codes[i]*5%7-3)/2
		if r.IntN(4) == 0 {
			a[i] = math.NaN()
			z += 1
		}
		y[i] = r.Float64() < 1/(1+math.Exp(-z))
	}
	return learn.Labelled{
		X: table.New(table.Numbers("a", a), table.Numbers("b", b), table.Numbers("c", c), table.Categories("d", codes, levels)),
		Y: y,
	}
}

func fitted(tb testing.TB, b Boost, train learn.Train) *Model {
	tb.Helper()
	m, err := b.Fit(context.Background(), train)
	if err != nil {
		tb.Fatal(err)
	}
	return m.(*Model)
}

func TestSameAtAnyGOMAXPROCS(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	train, valid := made(20_000, 1), made(3000, 2)
	b := Default()
	b.Trees, b.Subsample, b.Colsample, b.EarlyStopping, b.Seed = 20, 0.8, 0.6, 10, 7
	var first *Model
	for _, p := range []int{1, 2, 4, 8} {
		runtime.GOMAXPROCS(p)
		m := fitted(t, b, learn.Train{X: train.X, Y: train.Y, Valid: valid})
		if first == nil {
			first = m
		} else if !reflect.DeepEqual(m, first) {
			t.Errorf("another model at GOMAXPROCS %d", p)
		}
	}
}

func TestProbabilityIsProbabilities(t *testing.T) {
	t.Parallel()
	train := made(5001, 1)
	for _, x := range []*table.Table{train.X, train.X.Without("d")} { // with categories rows do not walk four at a time
		b := Default()
		b.Trees = 42
		m := fitted(t, b, learn.Train{X: x, Y: train.Y})
		want := m.Probabilities(nil, x)
		row := make([]float64, len(x.Columns()))
		for i := range want {
			for j, c := range x.Columns() {
				row[j] = c.Float(i)
			}
			if got := m.Probability(row); got != want[i] {
				t.Fatalf("row %d: %v alone, %v in the table", i, got, want[i])
			}
		}
	}
}

// TestProbabilityAllocatesNothing runs alone: other tests allocate.
func TestProbabilityAllocatesNothing(t *testing.T) {
	train := made(5000, 1)
	for _, x := range []*table.Table{train.X, train.X.Without("d")} {
		m := fitted(t, Default(), learn.Train{X: x, Y: train.Y})
		row := make([]float64, len(x.Columns()))
		if n := testing.AllocsPerRun(10, func() { m.Probability(row) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

// auc is the area under the ROC curve by ranks, ties counted half.
func auc(y []bool, p []float64) float64 {
	order := make([]int, len(y))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	var positive, rank float64
	for i := 0; i < len(order); {
		k := i
		for k < len(order) && p[order[k]] == p[order[i]] {
			k++
		}
		for _, r := range order[i:k] {
			if y[r] {
				positive++
				rank += float64(i+k+1) / 2
			}
		}
		i = k
	}
	return (rank - positive*(positive+1)/2) / (positive * (float64(len(y)) - positive))
}

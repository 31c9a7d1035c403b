package linear

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/table"
)

// sample makes n rows of d features of very different units, and labels that
// follow some of them.
func sample(n, d int) learn.Train {
	random := rand.New(rand.NewPCG(uint64(n), uint64(d)))
	y := make([]bool, n)
	z := make([]float64, n)
	columns := make([]*table.Column, d)
	for j := range columns {
		values := make([]float64, n)
		unit := math.Pow(10, float64(j%5-2))
		for i := range values {
			v := random.NormFloat64()
			values[i] = (v + 3*float64(j%7)) * unit
			z[i] += v / float64(j+1)
		}
		columns[j] = table.Numbers(fmt.Sprint("x", j), values)
	}
	for i := range y {
		y[i] = z[i]+random.NormFloat64() > 1
	}
	return learn.Train{X: table.New(columns...), Y: y}
}

func fit(t testing.TB, l Logistic, train learn.Train) *Model {
	t.Helper()
	m, err := l.Fit(context.Background(), train)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*Model)
}

func TestCoefficientsAreThoseOfScikitLearn(t *testing.T) {
	t.Parallel()
	var g struct {
		X        [][]float64
		Y        []int
		Logistic []struct {
			C            float64 `json:"C"`
			Coefficients []float64
			Intercept    float64
		}
	}
	data, err := os.ReadFile("../testdata/golden.json")
	if err == nil {
		err = json.Unmarshal(data, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	train := learn.Train{Y: make([]bool, len(g.Y))}
	columns := make([]*table.Column, len(g.X[0]))
	for j := range columns {
		values := make([]float64, len(g.X))
		for i := range g.X {
			values[i], train.Y[i] = g.X[i][j], g.Y[i] == 1
		}
		columns[j] = table.Numbers(fmt.Sprint("x", j), values)
	}
	train.X = table.New(columns...)
	for _, c := range g.Logistic {
		m := fit(t, Logistic{C: c.C, Tol: 1e-12}, train)
		if !m.Converged {
			t.Errorf("C %v: not converged in %d iterations", c.C, m.Iterations)
		}
		for j, want := range append(c.Coefficients, c.Intercept) {
			if got := append(m.Coefficients, m.Intercept)[j]; math.Abs(got-want) > 1e-6*max(1, math.Abs(want)) {
				t.Errorf("C %v: coefficient %d is %v, want %v", c.C, j, got, want)
			}
		}
	}
}

// TestGradientVanishes computes the gradient of the objective as it stands in
// the doc, on the features as they are.
func TestGradientVanishes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 3, 15, 16, 17, 63, 64, 65, 1000} {
		for _, d := range []int{1, 2, 9} {
			train := sample(n, d)
			train.Y[0], train.Y[1] = true, false
			m := fit(t, Logistic{C: .5, Tol: 1e-13}, train)
			gradient := make([]float64, d+1)
			size := 0.0
			for i, p := range m.Probabilities(nil, train.X) {
				if train.Y[i] {
					p--
				}
				gradient[d] += .5 * p
				for j, c := range train.X.Columns() {
					gradient[j] += .5 * p * c.Numbers[i]
					size = max(size, math.Abs(c.Numbers[i]))
				}
			}
			for j, c := range m.Coefficients {
				gradient[j] += c
			}
			for j, v := range gradient {
				if math.Abs(v) > 1e-10*float64(n)*max(size, 1) {
					t.Errorf("%d x %d: gradient %d is %v", n, d, j, v)
				}
			}
		}
	}
}

func TestFitDoesNotDependOnThreads(t *testing.T) {
	train := sample(5000, 12)
	run := func(threads int) *Model {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
		return fit(t, Logistic{}, train)
	}
	one := run(1)
	for _, threads := range []int{2, 3, 7} {
		if got := run(threads); !reflect.DeepEqual(got, one) {
			t.Errorf("%d threads: %v, want %v", threads, got, one)
		}
	}
}

func TestConstantAndSeparable(t *testing.T) {
	t.Parallel()
	train := learn.Train{
		X: table.New(table.Numbers("constant", []float64{.1, .1, .1, .1}), table.Numbers("decides", []float64{1, 2, 3, 4})),
		Y: []bool{false, false, true, true},
	}
	m := fit(t, Logistic{C: 1e6}, train)
	if m.Coefficients[0] != 0 || m.Importance()[0] != 0 || m.Importance()[1] != 1 {
		t.Errorf("coefficients %v, importance %v", m.Coefficients, m.Importance())
	}
	p := m.Probabilities(nil, train.X)
	if !(p[1] < .01 && p[2] > .99) || !m.Converged {
		t.Errorf("probabilities %v, converged %t", p, m.Converged)
	}
}

func TestTwinsShareTheirCoefficient(t *testing.T) {
	t.Parallel()
	train := sample(500, 3)
	columns := train.X.Columns()
	train.X = table.New(columns[0], columns[1], columns[1].Renamed("twin"), columns[2])
	for _, c := range []float64{.01, 1, 1e4} {
		m := fit(t, Logistic{C: c}, train)
		if a, b := m.Coefficients[1], m.Coefficients[2]; !m.Converged || math.Abs(a-b) > 1e-6*math.Abs(a) {
			t.Errorf("C %v: %v and %v, converged %t", c, a, b, m.Converged)
		}
	}
}

// TestExtremeValues: from zero, Newton's whole step overshoots where a few values
// lie far out and the penalty is weak; a shorter one does not.
func TestExtremeValues(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 30 + r.IntN(100)
		sum, y := make([]float64, n), make([]bool, n)
		var columns []*table.Column
		for j := range 3 {
			x := make([]float64, n)
			for i := range x {
				x[i] = r.NormFloat64() / math.Abs(r.NormFloat64())
				sum[i] += x[i]
			}
			columns = append(columns, table.Numbers(fmt.Sprint("x", j), x))
		}
		for i := range y {
			y[i] = sum[i]+r.NormFloat64() > 3
		}
		if m := fit(t, Logistic{C: 1e6}, learn.Train{X: table.New(columns...), Y: y}); !m.Converged {
			t.Errorf("seed %d: not converged after %d steps", seed, m.Iterations)
		}
	}
}

// polled is a context that is done once it has been asked so often.
type polled struct {
	context.Context
	left atomic.Int64
}

func (p *polled) Err() error {
	if p.left.Add(-1) >= 0 {
		return nil
	}
	return context.Canceled
}

// Between two looks at the context lie at most 64 rows, or a pass over one
// column: at 107,000 x 26 no Fit was seen to go on for more than 7 ms. What is
// tested is how often it looks, and that it stops when told to.
func TestFitStopsWithItsContext(t *testing.T) {
	t.Parallel()
	const rows = 30_000
	train := sample(rows, 20)
	ctx := &polled{Context: context.Background()}
	ctx.left.Store(math.MaxInt64)
	m, err := Logistic{}.Fit(ctx, train)
	if err != nil {
		t.Fatal(err)
	}
	looks := math.MaxInt64 - ctx.left.Load()
	if least := int64(2 * m.(*Model).Iterations * rows / 64); looks < least {
		t.Errorf("looked at its context %d times, want %d: every 64 rows, twice a step", looks, least)
	}
	for left := int64(0); left < looks; left = 2*left + 1 {
		ctx.left.Store(left)
		if m, err := (Logistic{}).Fit(ctx, train); !errors.Is(err, context.Canceled) || m != nil {
			t.Errorf("done at look %d: %v", left, err)
		}
		if late, most := -ctx.left.Load(), int64(8*runtime.GOMAXPROCS(0)); late > most {
			t.Errorf("done at look %d: went on for %d looks", left, late)
		}
	}
}

func TestFitRefuses(t *testing.T) {
	t.Parallel()
	good := table.Numbers("a", []float64{1, 2, 3})
	y := []bool{true, false, true}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		ctx   context.Context
		l     Logistic
		train learn.Train
		want  []string
	}{
		"no table":       {nil, Logistic{}, learn.Train{}, []string{"no rows"}},
		"no rows":        {nil, Logistic{}, learn.Train{X: table.New(table.Numbers("a", nil))}, []string{"no rows"}},
		"labels":         {nil, Logistic{}, learn.Train{X: table.New(good), Y: y[:2]}, []string{"2 labels for 3 rows"}},
		"one class":      {nil, Logistic{}, learn.Train{X: table.New(good), Y: make([]bool, 3)}, []string{"all 3 labels are false"}},
		"every fault":    {nil, Logistic{}, learn.Train{X: table.New(table.Numbers("m", []float64{1, math.NaN(), 3}), good.Renamed("ok"), table.Categories("k", make([]int32, 3), []string{"x"}), table.Numbers("i", []float64{1, 2, math.Inf(1)})), Y: y}, []string{"column m, row 2: missing", "column k is a category", "one_hot", "column i, row 3: +Inf"}},
		"parameters":     {nil, Logistic{C: -1, MaxIter: -1, Tol: math.NaN()}, learn.Train{X: table.New(good), Y: y}, []string{"C is -1", "max_iter is -1", "tol is NaN"}},
		"a done context": {done, Logistic{}, learn.Train{X: table.New(good), Y: y}, []string{"context canceled"}},
	} {
		ctx := c.ctx
		if ctx == nil {
			ctx = context.Background()
		}
		m, err := c.l.Fit(ctx, c.train)
		if err == nil || m != nil {
			t.Errorf("%s: fitted %v", name, m)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", name, err, want)
			}
		}
		if ctx == done && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestModelReadsBackToTheSameBits(t *testing.T) {
	train := sample(700, 6)
	m := fit(t, Logistic{}, train)
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back Model
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&back, m) {
		t.Errorf("read %+v, wrote %+v", back, m)
	}
	p := m.Probabilities(make([]float64, 700), train.X)
	row := make([]float64, 6)
	for i := range p {
		for j, c := range train.X.Columns() {
			row[j] = c.Float(i)
		}
		if got := back.Probability(row); got != p[i] {
			t.Fatalf("row %d: %v alone, %v in a table", i, got, p[i])
		}
	}
	if n := testing.AllocsPerRun(100, func() { m.Probability(row) }); n != 0 {
		t.Errorf("Probability allocates %v times", n)
	}
	row[3] = math.NaN()
	if !math.IsNaN(m.Probability(row)) {
		t.Error("a missing feature has a probability")
	}
}

func TestFilesThatAreNoModel(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"null":          {`null`, "0 coefficients"},
		"empty":         {`{}`, "0 coefficients"},
		"no deviations": {`{"coefficients":[1]}`, "0 deviations for 1"},
		"negative":      {`{"coefficients":[1],"deviations":[-2]}`, "deviation 0 is -2"},
		"iterations":    {`{"coefficients":[1],"deviations":[2],"iterations":-1}`, "iterations"},
		"too large":     {`{"coefficients":[1e999],"deviations":[2]}`, "1e999"},
		"a word":        {`{"coefficients":["x"],"deviations":[2]}`, "string"},
	} {
		m := Model{Intercept: 7}
		if err := json.Unmarshal([]byte(c.file), &m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if m.Intercept != 7 || m.Coefficients != nil {
			t.Errorf("%s: changed the model to %+v", name, m)
		}
	}
}

func FuzzModel(f *testing.F) {
	data, _ := json.Marshal(&Model{Coefficients: []float64{1, -2}, Intercept: .5, Deviations: []float64{1, 0}, Iterations: 3, Converged: true})
	f.Add(data)
	f.Add([]byte(`{"coefficients":[1e999]}`))
	f.Add([]byte(`{"coefficients":[1],"deviations":[-1]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Model
		if json.Unmarshal(data, &m) != nil {
			return
		}
		m.Probability(make([]float64, len(m.Coefficients)))
		m.Importance()
		again, err := json.Marshal(&m)
		if err != nil {
			t.Fatal(err)
		}
		var back Model
		if err := json.Unmarshal(again, &back); err != nil || !reflect.DeepEqual(m, back) {
			t.Fatalf("%s reads back as %+v, %v", again, back, err)
		}
	})
}

func BenchmarkFit(b *testing.B) {
	train := sample(107_000, 28)
	for b.Loop() {
		fit(b, Logistic{}, train)
	}
}

func TestCheckFeatures(t *testing.T) {
	t.Parallel()
	number := table.Field{Name: "a", Type: table.TypeInteger, Required: true}
	if err := (Logistic{}).CheckFeatures([]table.Field{number}); err != nil {
		t.Error(err)
	}
	err := Logistic{}.CheckFeatures([]table.Field{
		{Name: "hole", Type: table.TypeNumber}, number, {Name: "kind", Type: table.TypeCategory, Required: true}, {Name: "gap", Type: table.TypeNumber},
	})
	for _, want := range []string{"no number: kind;", "may be missing: hole, gap;"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: must say %q", err, want)
		}
	}
}

package learn

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// golden is what testdata/golden.py wrote.
type golden struct {
	Metrics []struct {
		Name      string
		Y         []int
		P         []float64
		Threshold float64
		Scores    map[string]*float64
		Confusion [4]int
	}
	Folds []struct {
		K    int
		Y    []int
		Test [][]int
	}
	Permutations []struct {
		Seed   uint32
		N      int
		First  []int
		SHA256 string
	}
	Percentiles struct{ Of, Q, Are []float64 }
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err == nil {
		err = json.Unmarshal(data, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func bools(values []int) []bool {
	out := make([]bool, len(values))
	for i, v := range values {
		out[i] = v == 1
	}
	return out
}

func near(a, b, tolerance float64) bool {
	return math.Abs(a-b) <= tolerance || (math.IsNaN(a) && math.IsNaN(b))
}

func TestMetricsAreThoseOfScikitLearn(t *testing.T) {
	t.Parallel()
	for _, c := range readGolden(t).Metrics {
		got := Evaluate(bools(c.Y), c.P, c.Threshold)
		if want := (Confusion{TN: c.Confusion[0], FP: c.Confusion[1], FN: c.Confusion[2], TP: c.Confusion[3]}); got.Confusion != want {
			t.Errorf("%s: confusion %+v, want %+v", c.Name, got.Confusion, want)
		}
		values := got.Values()
		for _, m := range Metrics {
			want := math.NaN()
			if v := c.Scores[m.Name]; v != nil {
				want = *v
			}
			if v := m.Of(got); !near(v, want, 1e-13) {
				t.Errorf("%s: %s is %v, want %v", c.Name, m.Name, v, want)
			}
			if _, defined := values[m.Name]; defined == math.IsNaN(want) {
				t.Errorf("%s: Values has %s: %t", c.Name, m.Name, defined)
			}
		}
	}
}

func TestUndefinedScoresAreNaN(t *testing.T) {
	t.Parallel()
	for name, p := range map[string][]float64{
		"empty": {}, "NaN": {.5, math.NaN()}, "above 1": {.5, 1.5}, "below 0": {-.1, .5}, "infinite": {math.Inf(1), 0},
	} {
		y := make([]bool, len(p))
		if len(y) > 0 {
			y[0] = true
		}
		if v := Evaluate(y, p, .5).Values(); len(v) != 0 {
			t.Errorf("%s: %v, want nothing defined", name, v)
		}
		threshold, f1 := BestThreshold(y, p)
		if !math.IsNaN(threshold) || !math.IsNaN(f1) {
			t.Errorf("%s: best threshold %v, F1 %v, want NaN", name, threshold, f1)
		}
	}
}

func TestMetricsKnowTheirDirection(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for _, c := range []struct {
		metric string
		a, b   float64
		better bool
	}{
		{"f1", .6, .5, true}, {"f1", .5, .6, false}, {"f1", .5, .5, false}, {"f1", nan, .1, false}, {"f1", .1, nan, true}, {"f1", nan, nan, false},
		{"brier", .1, .2, true}, {"brier", .2, .1, false}, {"log_loss", 1, nan, true}, {"ece", 0, .1, true},
	} {
		m, ok := MetricByName(c.metric)
		if !ok {
			t.Fatalf("no metric %q", c.metric)
		}
		if got := m.Better(c.a, c.b); got != c.better {
			t.Errorf("%s: Better(%v, %v) = %t", c.metric, c.a, c.b, got)
		}
		if gain := m.Gain(c.a, c.b); !math.IsNaN(c.a) && !math.IsNaN(c.b) && (gain > 0) != c.better {
			t.Errorf("%s: Gain(%v, %v) = %v", c.metric, c.a, c.b, gain)
		}
	}
	if _, ok := MetricByName("rocauc"); ok {
		t.Error("rocauc is a metric")
	}
}

// sample makes labels and probabilities that know something of them, with ties
// when steps is small.
func sample(seed uint64, n, steps int) ([]bool, []float64) {
	random := rand.New(rand.NewPCG(seed, 0))
	y, p := make([]bool, n), make([]float64, n)
	for i := range y {
		y[i] = random.Float64() < .25
		v := random.Float64()
		if y[i] {
			v = max(v, random.Float64())
		}
		p[i] = math.Floor(v*float64(steps)) / float64(steps)
	}
	return y, p
}

func TestROCAUCIsTheShareOfPairsInOrder(t *testing.T) {
	t.Parallel()
	for _, steps := range []int{1, 2, 7, 1000} {
		for _, n := range []int{2, 3, 10, 200} {
			y, p := sample(uint64(n), n, steps)
			y[0], y[1] = true, false
			pairs, right := 0.0, 0.0
			for i := range y {
				for j := range y {
					if y[i] && !y[j] {
						pairs++
						switch {
						case p[i] > p[j]:
							right++
						case p[i] == p[j]:
							right += .5
						}
					}
				}
			}
			if got := Evaluate(y, p, .5).ROCAUC; !near(got, right/pairs, 1e-14) {
				t.Errorf("%d rows, %d steps: %v, want %v", n, steps, got, right/pairs)
			}
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	y, p := sample(1, 26_000, 1<<40)
	for b.Loop() {
		Evaluate(y, p, .4)
	}
}

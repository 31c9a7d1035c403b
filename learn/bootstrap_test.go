package learn

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
)

func daysOf(n, each int) []table.Day {
	days := make([]table.Day, n)
	for i := range days {
		days[i] = table.Day(1000 + i/each)
	}
	return days
}

// TestReplicatesAreTheScoresOfTheDrawnRows writes the rows of a replicate out and
// judges them as any others.
func TestReplicatesAreTheScoresOfTheDrawnRows(t *testing.T) {
	t.Parallel()
	for _, steps := range []int{3, 40, 1 << 40} {
		y, p := sample(uint64(steps), 500, steps)
		days := daysOf(500, 9)
		scores, err := resample(context.Background(), y, days, Resampling{Replicates: 20, Seed: 5}, Predictions{p, .4})
		if err != nil {
			t.Fatal(err)
		}
		groups := int(days[len(days)-1]-days[0]) + 1
		for replicate := 1; replicate <= 20; replicate++ {
			random := rand.New(rand.NewPCG(5, uint64(replicate)))
			var ry []bool
			var rp []float64
			for range groups {
				day := days[0] + table.Day(random.IntN(groups))
				for i := range y {
					if days[i] == day {
						ry, rp = append(ry, y[i]), append(rp, p[i])
					}
				}
			}
			want := Evaluate(ry, rp, .4)
			got := scores[replicate][0]
			if got.Confusion != want.Confusion {
				t.Fatalf("replicate %d: %+v, want %+v", replicate, got.Confusion, want.Confusion)
			}
			for _, m := range Metrics {
				if !near(m.Of(got), m.Of(want), 1e-12) {
					t.Errorf("replicate %d: %s is %v, want %v", replicate, m.Name, m.Of(got), m.Of(want))
				}
			}
		}
	}
}

func TestBootstrapDoesNotDependOnThreads(t *testing.T) {
	y, p := sample(1, 3000, 1000)
	_, q := sample(1, 3000, 20)
	run := func(threads int) Paired {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
		out, err := PairedBootstrap(context.Background(), y, daysOf(3000, 40), Resampling{Replicates: 200, Seed: 3}, Predictions{p, .5}, Predictions{q, .4})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	one := run(1)
	for _, threads := range []int{2, 5} {
		if got := run(threads); !reflect.DeepEqual(got, one) {
			t.Errorf("%d threads: %v, want %v", threads, got, one)
		}
	}
	if len(one.Difference) != len(Metrics) {
		t.Errorf("differences of %d metrics, want %d", len(one.Difference), len(Metrics))
	}
	alone, err := Bootstrap(context.Background(), y, daysOf(3000, 40), Resampling{Replicates: 200, Seed: 3}, Predictions{p, .5})
	if err != nil || !reflect.DeepEqual(alone, one.A) {
		t.Errorf("alone %v, %v, in a pair %v", alone, err, one.A)
	}
}

// TestIntervalsCover draws many samples of rows that do not depend on each
// other, and counts how often the interval of the Brier score holds the
// expected one.
func TestIntervalsCover(t *testing.T) {
	t.Parallel()
	const samples, n = 300, 400
	held := 0
	for s := range samples {
		random := rand.New(rand.NewPCG(uint64(s), 9))
		y, p := make([]bool, n), make([]float64, n)
		for i := range y {
			p[i] = random.Float64()
			y[i] = random.Float64() < p[i]
		}
		out, err := Bootstrap(context.Background(), y, daysOf(n, 1), Resampling{Replicates: 300, Seed: 1}, Predictions{p, .5})
		if err != nil {
			t.Fatal(err)
		}
		if in := out["brier"]; in.Low <= 1./6 && 1./6 <= in.High { // the mean of p(1-p)
			held++
		}
	}
	if share := float64(held) / samples; share < .91 || share > .985 {
		t.Errorf("95 %% intervals hold the truth in %.3f of samples", share)
	}
}

// TestIntervalsArePercentiles takes both ends from the replicates, by the
// quantiles of another package.
func TestIntervalsArePercentiles(t *testing.T) {
	t.Parallel()
	y, p := sample(3, 400, 50)
	_, q := sample(4, 400, 50)
	a, b := Predictions{p, .5}, Predictions{q, .3}
	by := Resampling{Replicates: 150, Seed: 2}
	scores, err := resample(context.Background(), y, daysOf(400, 8), by, a, b)
	if err != nil {
		t.Fatal(err)
	}
	out, err := PairedBootstrap(context.Background(), y, daysOf(400, 8), by, a, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range Metrics {
		for name, c := range map[string]struct {
			got   Interval
			value func(s []Scores) float64
		}{
			"a":          {out.A[m.Name], func(s []Scores) float64 { return m.Of(s[0]) }},
			"b":          {out.B[m.Name], func(s []Scores) float64 { return m.Of(s[1]) }},
			"difference": {out.Difference[m.Name], func(s []Scores) float64 { return m.Of(s[1]) - m.Of(s[0]) }},
		} {
			var drawn []float64
			for _, s := range scores[1:] {
				drawn = append(drawn, c.value(s))
			}
			slices.Sort(drawn)
			low, high := table.Quantile(drawn, 0.025), table.Quantile(drawn, 0.975)
			if !near(c.got.Low, low, 1e-12) || !near(c.got.High, high, 1e-12) || c.got.Value != c.value(scores[0]) {
				t.Errorf("%s of %s: %+v, want from %v to %v", m.Name, name, c.got, low, high)
			}
		}
	}
}

func TestBootstrapLeavesOutWhatIsUndefined(t *testing.T) {
	t.Parallel()
	y := []bool{true, false, false, false, false, false}
	p := []float64{.9, .1, .2, .3, .1, .2}
	out, err := Bootstrap(context.Background(), y, daysOf(6, 2), Resampling{Replicates: 400, Seed: 1}, Predictions{p, .5})
	if err != nil {
		t.Fatal(err)
	}
	if r := out["recall"].Replicates; r == 0 || r == 400 || out["brier"].Replicates != 400 {
		t.Errorf("recall defined in %d replicates, brier in %d of 400", r, out["brier"].Replicates)
	}
	out, err = Bootstrap(context.Background(), make([]bool, 6), daysOf(6, 2), Resampling{Replicates: 10}, Predictions{p, .95})
	if _, defined := out["roc_auc"]; err != nil || defined || out["accuracy"].Value != 1 {
		t.Errorf("one class: %v, %v", out, err)
	}
}

func TestBootstrapRefuses(t *testing.T) {
	t.Parallel()
	y, p := sample(1, 20, 10)
	done, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		days []table.Day
		p    []float64
		by   Resampling
	}{
		"too few groups":     {context.Background(), daysOf(20, 20), p, Resampling{}},
		"groups":             {context.Background(), daysOf(19, 2), p, Resampling{}},
		"probabilities":      {context.Background(), daysOf(20, 2), p[:3], Resampling{}},
		"negative":           {context.Background(), daysOf(20, 2), p, Resampling{Replicates: -1}},
		"without bound":      {context.Background(), daysOf(20, 2), p, Resampling{Replicates: math.MaxInt}},
		"a context all done": {done, daysOf(20, 2), p, Resampling{}},
	} {
		_, err := Bootstrap(c.ctx, y, c.days, c.by, Predictions{c.p, .5})
		if err == nil || (c.ctx == done) != errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestPercentileIsThatOfNumPy(t *testing.T) {
	t.Parallel()
	g := readGolden(t).Percentiles
	for i, q := range g.Q {
		if got := percentile(g.Of, q); !near(got, g.Are[i], 1e-15) {
			t.Errorf("%v %%: %v, want %v", q, got, g.Are[i])
		}
	}
	if got := percentile([]float64{3}, 97.5); got != 3 {
		t.Errorf("of one value: %v", got)
	}
}

func BenchmarkPairedBootstrap(b *testing.B) {
	y, p := sample(1, 26_000, 1<<40)
	_, q := sample(2, 26_000, 1<<40)
	for b.Loop() {
		if _, err := PairedBootstrap(context.Background(), y, daysOf(26_000, 49), Resampling{}, Predictions{p, .4}, Predictions{q, .4}); err != nil {
			b.Fatal(err)
		}
	}
}

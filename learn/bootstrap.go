package learn

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Resampling says how a bootstrap draws.
type Resampling struct {
	Replicates int    // how often all the groups are drawn again; 0 for 1,000
	Seed       uint64 // of everything drawn
}

// DefaultReplicates is what Replicates is when it is 0.
const DefaultReplicates = 1000

// maxReplicates bounds the memory of a bootstrap.
const maxReplicates = 1_000_000

// Interval is a score with its 95 % interval: the 2.5th and 97.5th percentile,
// linearly interpolated, of the replicates.
type Interval struct {
	Value      float64 `json:"value"` // on the rows as they are
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Replicates int     `json:"replicates"` // in which the metric was defined
}

// Intervals are intervals by the name of the metric. A metric that is
// undefined on the rows as they are, or in every replicate, is left out.
type Intervals map[string]Interval

// Paired is two models judged on the same rows.
type Paired struct {
	A          Intervals `json:"a"`
	B          Intervals `json:"b"`
	Difference Intervals `json:"difference"` // score of B - score of A, whichever is better
}

// Bootstrap gives the scores of one model with their intervals. Rows of one
// group (the rows of one day) depend on each other, so whole groups are drawn,
// with replacement (Efron and Tibshirani 1993, ch. 8). The threshold is taken
// as given.
//
// Replicate i draws from its own PCG stream (seed, i): the numbers do not
// depend on the number of threads. It is an error if lengths differ, there are
// no rows or there is only one group.
func Bootstrap[G comparable](ctx context.Context, y []bool, groups []G, by Resampling, a Predictions) (Intervals, error) {
	scores, err := resample(ctx, y, groups, by, a)
	if err != nil {
		return nil, err
	}
	return intervals(len(scores), func(m Metric, i int) float64 { return m.Of(scores[i][0]) }), nil
}

// PairedBootstrap is Bootstrap for two models on the same rows: each replicate
// draws the same groups for both, so that what they share drops out of the
// difference.
func PairedBootstrap[G comparable](ctx context.Context, y []bool, groups []G, by Resampling, a, b Predictions) (Paired, error) {
	scores, err := resample(ctx, y, groups, by, a, b)
	if err != nil {
		return Paired{}, err
	}
	n := len(scores)
	return Paired{
		A:          intervals(n, func(m Metric, i int) float64 { return m.Of(scores[i][0]) }),
		B:          intervals(n, func(m Metric, i int) float64 { return m.Of(scores[i][1]) }),
		Difference: intervals(n, func(m Metric, i int) float64 { return m.Of(scores[i][1]) - m.Of(scores[i][0]) }),
	}, nil
}

// resample gives the scores of each model on the rows as they are, then on each
// replicate.
func resample[G comparable](ctx context.Context, y []bool, keys []G, by Resampling, models ...Predictions) ([][]Scores, error) {
	if by.Replicates == 0 {
		by.Replicates = DefaultReplicates
	}
	if by.Replicates < 0 || by.Replicates > maxReplicates {
		return nil, fmt.Errorf("bootstrap: %d replicates: give from 1 to %d", by.Replicates, maxReplicates)
	}
	if len(keys) != len(y) {
		return nil, fmt.Errorf("bootstrap: %d groups for %d rows: give one for each row", len(keys), len(y))
	}
	group, groups := number(keys)
	if groups < 2 {
		return nil, fmt.Errorf("bootstrap: %d groups in %d rows: an interval needs at least 2", groups, len(y))
	}
	sheets := make([]*sheet, len(models))
	for i, m := range models {
		if len(m.P) != len(y) {
			return nil, fmt.Errorf("bootstrap: %d probabilities of model %d for %d rows: give one for each row", len(m.P), i+1, len(y))
		}
		sheets[i] = newSheet(y, m, group, groups)
	}

	scores := make([][]Scores, by.Replicates+1)
	judge := func(replicate int, weights []uint32) {
		scores[replicate] = make([]Scores, len(sheets))
		for i, s := range sheets {
			scores[replicate][i] = s.scores(weights)
		}
	}
	once := make([]uint32, groups)
	for g := range once {
		once[g] = 1
	}
	judge(0, once)

	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), by.Replicates) {
		workers.Go(func() {
			weights := make([]uint32, groups)
			for ctx.Err() == nil {
				replicate := int(next.Add(1))
				if replicate > by.Replicates {
					return
				}
				clear(weights)
				random := rand.New(rand.NewPCG(by.Seed, uint64(replicate)))
				for range groups {
					weights[random.IntN(groups)]++
				}
				judge(replicate, weights)
			}
		})
	}
	workers.Wait()
	return scores, ctx.Err()
}

// number numbers the distinct keys in order of appearance.
func number[G comparable](keys []G) (group []int, groups int) {
	seen := make(map[G]int)
	group = make([]int, len(keys))
	for i, key := range keys {
		g, ok := seen[key]
		if !ok {
			g = len(seen)
			seen[key] = g
		}
		group[i] = g
	}
	return group, len(seen)
}

// intervals are the intervals of value(m, i) over replicates i from 1 to n-1;
// i = 0 is the rows as they are.
func intervals(n int, value func(m Metric, i int) float64) Intervals {
	out := make(Intervals, len(Metrics))
	drawn := make([]float64, 0, n-1)
	for _, m := range Metrics {
		drawn = drawn[:0]
		for i := 1; i < n; i++ {
			if v := value(m, i); !math.IsNaN(v) {
				drawn = append(drawn, v)
			}
		}
		whole := value(m, 0)
		if math.IsNaN(whole) || len(drawn) == 0 {
			continue
		}
		slices.Sort(drawn)
		out[m.Name] = Interval{whole, percentile(drawn, 2.5), percentile(drawn, 97.5), len(drawn)}
	}
	return out
}

// percentile is the q-th percentile of sorted values, linearly interpolated
// between order statistics as NumPy does by default.
func percentile(sorted []float64, q float64) float64 {
	at := q / 100 * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

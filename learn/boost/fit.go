package boost

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/pluvia-ml/pluvia/learn"
)

// fit grows the trees one after the other, each on the gradients of the log
// loss that the trees before it left (Friedman 2001).
func fit(ctx context.Context, b Boost, train learn.Train) (*Model, error) {
	x := train.X
	t := newTeam()
	defer t.disband()
	cuts, bins := cutTable(ctx, t, x, b.MaxBins)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n := x.Rows()
	positive := count(train.Y)
	m := &Model{
		features: slices.Clone(x.Names()),
		start:    math.Log(float64(positive) / float64(n-positive)),
		gains:    make([]float64, len(cuts)),
	}
	g := newGrower(b, t, bins, cuts)
	scores := filled(n, m.start)
	sums := make([]sum, n)
	labels := make([]float64, n)
	for i, is := range train.Y {
		if is {
			labels[i] = 1
		}
	}
	var watch *watcher
	if b.EarlyStopping > 0 {
		valid := train.Valid
		watch = &watcher{bins: binTable(t, valid.X, cuts), y: valid.Y, patience: b.EarlyStopping}
		watch.metric, _ = learn.MetricByName(b.Metric)
		watch.scores, watch.p = filled(len(valid.Y), m.start), make([]float64, len(valid.Y))
	}
	random := rand.New(rand.NewPCG(b.Seed, 0))
	for i := range b.Trees {
		gradients(t, sums, scores, labels, newScale(n))
		if err := g.grow(ctx, sums, random); err != nil {
			return nil, err
		}
		g.answer(scores)
		g.write(m)
		if watch != nil && watch.enough(g) {
			break
		}
		if train.Progress != nil {
			train.Progress(i+1, b.Trees)
		}
		if len(g.tree) == 1 && b.Subsample == 1 && b.Colsample == 1 {
			break // nothing to learn any more: every further tree would be the same leaf
		}
	}
	if watch != nil {
		m.truncate(watch.bestTrees)
	}
	return m, nil
}

func filled(n int, v float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// gradients are the first and second derivatives of the log loss by the score.
func gradients(t *team, dst []sum, scores, labels []float64, sc scale) {
	const block = 4096
	t.do((len(dst)+block-1)/block, func(k int) {
		from, to := k*block, min(len(dst), (k+1)*block)
		dst, scores, labels := dst[from:to], scores[from:to], labels[from:to]
		for i := range dst {
			p := sigmoid(scores[i])
			dst[i] = pack(round((p-labels[i])*sc.gradient), round(p*(1-p)*sc.hessian))
		}
	})
}

// round is x rounded to the nearest integer, for |x| < 2^51: added to 1.5*2^52,
// which leaves no room for a fraction, it stands in the lower bits.
func round(x float64) int64 {
	const shift = 3 << 51
	return int64(math.Float64bits(x+shift)) - int64(0x4338000000000000)
}

// watcher watches a metric of the validation part.
type watcher struct {
	bins      *binned
	y         []bool
	scores    []float64
	p         []float64
	metric    learn.Metric
	patience  int
	trees     int
	best      float64
	bestTrees int
}

// enough adds the tree just grown, and says whether to stop.
func (w *watcher) enough(g *grower) bool {
	const block = 4096
	g.do((len(w.y)+block-1)/block, func(k int) {
		for i := k * block; i < min(len(w.y), (k+1)*block); i++ {
			w.scores[i] += g.leafOf(w.bins, int32(i))
			w.p[i] = sigmoid(w.scores[i])
		}
	})
	var score float64
	if w.metric.Name == logLoss {
		score = w.loss()
	} else {
		score = w.metric.Score(w.y, w.p, 0.5)
	}
	w.trees++
	if w.bestTrees == 0 || w.metric.Better(score, w.best) {
		w.best, w.bestTrees = score, w.trees
	}
	return w.trees-w.bestTrees >= w.patience
}

const logLoss = "log_loss"

// loss is the log loss from the scores: no probability of 0 or 1 is cut off,
// and the other metrics are not made only to be thrown away.
func (w *watcher) loss() float64 {
	loss := 0.0
	for i, z := range w.scores {
		if w.y[i] {
			z = -z
		}
		loss += max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
	}
	return loss / float64(len(w.y))
}

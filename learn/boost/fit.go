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
	cuts, bins := cutTable(t, x, b.MaxBins)
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
		watch = &watcher{bins: binTable(t, train.Valid.X, cuts), y: train.Valid.Y, patience: b.EarlyStopping, best: math.Inf(1)}
		watch.scores = filled(len(watch.y), m.start)
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
			m.truncate(watch.bestTrees)
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

// watcher watches the log loss of the validation part.
type watcher struct {
	bins      *binned
	y         []bool
	scores    []float64
	patience  int
	trees     int
	best      float64
	bestTrees int
}

// enough adds the tree just grown, and says whether to stop.
func (w *watcher) enough(g *grower) bool {
	loss := 0.0
	for i := range w.scores {
		w.scores[i] += g.leafOf(w.bins, int32(i))
		z := w.scores[i]
		if w.y[i] {
			z = -z
		}
		loss += max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
	}
	w.trees++
	if loss < w.best {
		w.best, w.bestTrees = loss, w.trees
	}
	return w.trees-w.bestTrees >= w.patience
}

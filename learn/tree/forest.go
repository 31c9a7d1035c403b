package tree

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/pluvia-ml/pluvia/internal/parallel"
	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/table"
)

// ForestModel is a fitted forest.
type ForestModel struct {
	trees      []*Model
	importance []float64
}

// Check says what is wrong with the hyper-parameters, all of it at once.
func (f Forest) Check() error {
	all := f.limits().faults()
	if f.NEstimators < 0 || f.NEstimators > MaxTrees {
		all = append(all, fmt.Sprintf("n_estimators is %d: must be from 1 to %d, or 0 for 100", f.NEstimators, MaxTrees))
	}
	if f.MaxFeatures < 0 {
		all = append(all, fmt.Sprintf("max_features is %d: must be 0 (the square root of their number) or more", f.MaxFeatures))
	}
	return faults("forest", all)
}

// limits are those of each of its trees.
func (f Forest) limits() Tree {
	return Tree{MaxDepth: f.MaxDepth, MinSamplesLeaf: f.MinSamplesLeaf, MaxLeafNodes: f.MaxLeafNodes}
}

// Fit grows the trees, as many at a time as there are threads. Tree i draws its
// rows and features from the PCG stream (Seed, i).
func (f Forest) Fit(ctx context.Context, train learn.Train) (learn.Model, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	if f.NEstimators == 0 {
		f.NEstimators = 100
	}
	limits := f.limits()
	b, err := prepare(ctx, "forest", train)
	if err != nil {
		return nil, err
	}
	features := len(b.columns)
	if f.MaxFeatures == 0 {
		f.MaxFeatures = int(math.Sqrt(float64(features)))
	}

	trees := make([]*Model, f.NEstimators)
	growers := sync.Pool{New: func() any { return newGrower(b, limits) }}
	var progress sync.Mutex
	done := 0
	report(train, 0, len(trees))
	err = parallel.ForContext(ctx, len(trees), func(i int) {
		g := growers.Get().(*grower)
		defer growers.Put(g)
		g.maxFeatures = min(f.MaxFeatures, features)
		g.random = rand.New(rand.NewPCG(f.Seed, uint64(i)))
		for j := range g.features {
			g.features[j] = j
		}
		tree, err := g.grow(ctx, g.resample(train.Y))
		if err != nil {
			return // ctx is done, which parallel reports
		}
		trees[i] = tree
		progress.Lock()
		defer progress.Unlock()
		done++
		report(train, done, len(trees))
	})
	if err != nil {
		return nil, err
	}
	m := &ForestModel{trees: trees, importance: make([]float64, features)}
	for _, t := range trees {
		for j, v := range t.importance {
			m.importance[j] += v
		}
	}
	normalise(m.importance)
	return m, nil
}

// resample draws as many rows as there are, with replacement, and returns how
// many different ones came of it.
func (g *grower) resample(y []bool) int {
	times := make([]uint32, len(y))
	for range y {
		times[g.random.IntN(len(y))]++
	}
	n := 0
	for row, k := range times {
		if k > 0 {
			g.rows[n] = newDraw(row, k, y[row])
			n++
		}
	}
	return n
}

// Probability is the mean over the trees of the share of positives in the leaf
// that the row falls into. It panics if the row does not have the features of
// training.
func (m *ForestModel) Probability(row []float64) float64 {
	checkRow(row, m.importance)
	sum := 0.0
	for _, t := range m.trees {
		sum += t.walk(row)
	}
	return sum / float64(len(m.trees))
}

// Probabilities is Probability for each row of x.
func (m *ForestModel) Probabilities(dst []float64, x *table.Table) []float64 {
	return probabilities(dst, x, m.trees, len(m.importance))
}

// Importance is the mean of the importances of the trees, as a share of all.
func (m *ForestModel) Importance() []float64 { return append([]float64(nil), m.importance...) }

// Trees is the number of trees.
func (m *ForestModel) Trees() int { return len(m.trees) }

// Package tree is the classification tree of Breiman, Friedman, Olshen and
// Stone (CART, 1984) and the random forest of Breiman (2001), on numbers and
// categories, with missing values.
//
// The values of a feature are put into at most 255 bins once; a split is then
// found from counts by bin and class, in one pass over the rows of a node and
// one over the bins. With 255 distinct values or fewer the tree is the exact
// one; with more, bins hold about equally many rows. (Of a column of more than
// 262,144 values the bins are made from that many, drawn evenly.)
//
//	number     left if value <= threshold, the middle between two values of the node
//	category   left if the level is in a set; levels are ordered by their share of
//	           positives, among whose cuts the best set lies (Fisher 1958)
//	missing    sent to the side where it does best; where a node had none, with
//	           unknown levels to the side with more rows
//
// Counts are integers and every tree of a forest has its own stream of random
// numbers, so that a model does not depend on the number of threads. The
// package never fills in, scales or encodes anything.
package tree

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/table"
)

// Tree is one classification tree by Gini impurity. It draws nothing at random:
// of equally good splits it takes the lowest feature, then the lowest
// threshold. The zero value grows until every leaf is pure.
type Tree struct {
	MaxDepth       int `json:"max_depth,omitempty"`        // splits from root to leaf; 0 for no bound
	MinSamplesLeaf int `json:"min_samples_leaf,omitempty"` // rows in a leaf; 0 for 1
	MaxLeafNodes   int `json:"max_leaf_nodes,omitempty"`   // leaves, the best splits first; 0 for no bound, else 2 or more
}

// Forest is the mean of trees, each grown from rows drawn with replacement, each
// split chosen among features drawn without.
type Forest struct {
	NEstimators    int    `json:"n_estimators,omitempty"`     // trees; 0 for 100
	MaxDepth       int    `json:"max_depth,omitempty"`        // as in Tree
	MinSamplesLeaf int    `json:"min_samples_leaf,omitempty"` // as in Tree; a row drawn twice counts twice
	MaxLeafNodes   int    `json:"max_leaf_nodes,omitempty"`   // as in Tree
	MaxFeatures    int    `json:"max_features,omitempty"`     // features tried at a split; 0 for the square root of their number, more than there are for all
	Seed           uint64 `json:"seed,omitempty"`             // of everything drawn
}

// MaxTrees bounds NEstimators.
const MaxTrees = 10_000

// Fit grows the tree.
func (t Tree) Fit(ctx context.Context, train learn.Train) (learn.Model, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	b, err := prepare(ctx, "tree", train)
	if err != nil {
		return nil, err
	}
	report(train, 0, 1)
	g := newGrower(b, t)
	for i, y := range train.Y {
		g.rows[i] = newDraw(i, 1, y)
	}
	m, err := g.grow(ctx, len(train.Y))
	if err != nil {
		return nil, err
	}
	report(train, 1, 1)
	return m, nil
}

// Check says what is wrong with the hyper-parameters, all of it at once.
func (t Tree) Check() error { return faults("tree", t.faults()) }

func (t Tree) faults() (out []string) {
	if t.MaxDepth < 0 {
		out = append(out, fmt.Sprintf("max_depth is %d: must be 0 (no bound) or more", t.MaxDepth))
	}
	if t.MinSamplesLeaf < 0 {
		out = append(out, fmt.Sprintf("min_samples_leaf is %d: must be 1 or more", t.MinSamplesLeaf))
	}
	if t.MaxLeafNodes < 0 || t.MaxLeafNodes == 1 {
		out = append(out, fmt.Sprintf("max_leaf_nodes is %d: must be 0 (no bound), or 2 or more", t.MaxLeafNodes))
	}
	return out
}

func faults(learner string, all []string) error {
	if all == nil {
		return nil
	}
	return fmt.Errorf("%s: %s", learner, strings.Join(all, "; "))
}

// prepare checks train and puts its features into bins.
func prepare(ctx context.Context, learner string, train learn.Train) (*binned, error) {
	if err := train.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", learner, err)
	}
	var all []string
	for _, c := range train.X.Columns() {
		switch c.Kind {
		case table.Number:
			for i, v := range c.Numbers {
				if math.IsInf(v, 0) {
					all = append(all, fmt.Sprintf("column %s, row %d: %v: must be finite or missing", c.Name, i+1, v))
					break
				}
			}
		case table.Category:
			if len(c.Levels) > maxBins {
				all = append(all, fmt.Sprintf("column %s has %d levels: it takes at most %d, put rare ones together before", c.Name, len(c.Levels), maxBins))
			}
		default:
			all = append(all, fmt.Sprintf("column %s is a %s: it takes numbers and categories, put a step that makes numbers of it before", c.Name, c.Kind))
		}
	}
	if n := train.X.Rows(); n > math.MaxInt32 {
		all = append(all, fmt.Sprintf("%d rows: it takes at most %d", n, math.MaxInt32))
	}
	if err := faults(learner, all); err != nil {
		return nil, err
	}
	return bin(ctx, train.X)
}

func report(train learn.Train, done, total int) {
	if train.Progress != nil {
		train.Progress(done, total)
	}
}

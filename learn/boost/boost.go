// Package boost is histogram gradient boosting for two classes: trees grown one
// after the other, each on what the trees before it got wrong (Friedman 2001),
// on features cut into at most 255 bins, leaf by leaf (Ke et al. 2017, LightGBM).
// It takes numbers, categories and missing values as they are.
//
// The same hyper-parameters, rows and seed give the same model, bit for bit, at
// any GOMAXPROCS, because nothing that is added up depends on the order of
// adding: gradients and Hessians are fixed-point numbers, both in one int64.
//
//	bins      each feature's values as one byte, row by row and column by column
//	   |
//	   v      for each tree:
//	sums      gradient and Hessian of each row, from its score
//	   |
//	   v      for each split of the leaf that gains most:
//	partition the leaf's rows into left and right, in place
//	   |
//	   v
//	histogram of the smaller child from its rows; the larger child's is its
//	   |      parent's less that
//	   v
//	split     best edge of each feature in both children
//
// A missing value goes to the side where it gains most; categories are sorted
// by gradient and cut in two like numbers. The package never fills in, scales
// or encodes anything, and draws at random only when Subsample or Colsample is below 1.
//
// docs/notes/boost.md has what was tried for speed, with figures.
package boost

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/table"
)

// Boost is the hyper-parameters of gradient boosting. The zero value is not
// valid: begin with [Default]. Names are those of scikit-learn's
// HistGradientBoostingClassifier, or of LightGBM where it has none.
type Boost struct {
	Trees          int     `json:"n_estimators"`      // at most; early stopping may leave fewer
	LearningRate   float64 `json:"learning_rate"`     // by which each tree's answer is multiplied
	MaxLeaves      int     `json:"max_leaf_nodes"`    // of a tree, at least 2
	MaxDepth       int     `json:"max_depth"`         // of a tree; 0 for no bound
	MinLeafRows    int     `json:"min_samples_leaf"`  // rows that a leaf must have
	MinLeafHessian float64 `json:"min_sum_hessian"`   // sum of p(1-p) that a leaf must have
	L2             float64 `json:"l2_regularization"` // added to the Hessian of a leaf
	L1             float64 `json:"l1_regularization"` // by which the gradient of a leaf is shrunk
	MaxBins        int     `json:"max_bins"`          // of a feature, 2 to 255; missing has one more

	// EarlyStopping is after how many trees without a better Metric on
	// Train.Valid to stop; the model keeps the trees up to the best. 0 never
	// stops and does not need Train.Valid.
	EarlyStopping int    `json:"early_stopping"`
	Metric        string `json:"metric"` // a name of learn.Metrics; those with a threshold have it at 0.5

	Subsample float64 `json:"subsample"` // share of the rows that each tree sees, drawn without replacement
	Colsample float64 `json:"colsample"` // share of the features that each tree may use
	Seed      uint64  `json:"seed"`      // of both draws

	CategorySmoothing float64 `json:"cat_smooth"`         // Hessian added when categories are sorted by gradient
	CategoryL2        float64 `json:"cat_l2"`             // added to L2 for a split into sets of categories
	MaxCategories     int     `json:"max_cat_threshold"`  // listed by such a split
	MinGroupRows      int     `json:"min_data_per_group"` // about as many rows between two such splits that are tried
}

// Default is LightGBM's choice of hyper-parameters.
func Default() Boost {
	return Boost{
		Trees: 100, LearningRate: 0.1, MaxLeaves: 31, MinLeafRows: 20, MinLeafHessian: 1e-3, MaxBins: 255, Metric: "log_loss",
		Subsample: 1, Colsample: 1, CategorySmoothing: 10, CategoryL2: 10, MaxCategories: 32, MinGroupRows: 100,
	}
}

// The bounds of what is learnt from and of what a model may hold.
const (
	maxRows   = 1<<24 - 1 // fixed point has too few bits for more
	maxTrees  = 100_000
	maxLeaves = 1 << 16
)

// Check says what is wrong with the hyper-parameters, all of it at once.
func (b Boost) Check() error {
	var faults []string
	rule := func(ok bool, name string, value any, must string) {
		if !ok {
			faults = append(faults, fmt.Sprintf("%s is %v, must be %s", name, value, must))
		}
	}
	finite := func(x float64) bool { return x >= 0 && !math.IsInf(x, 1) }
	rule(b.Trees >= 1 && b.Trees <= maxTrees, "n_estimators", b.Trees, "from 1 to 100000")
	rule(b.LearningRate > 0 && finite(b.LearningRate), "learning_rate", b.LearningRate, "above 0")
	rule(b.MaxLeaves >= 2 && b.MaxLeaves <= maxLeaves, "max_leaf_nodes", b.MaxLeaves, "from 2 to 65536")
	rule(b.MaxDepth >= 0, "max_depth", b.MaxDepth, "0 for no bound, or more")
	rule(b.MinLeafRows >= 1, "min_samples_leaf", b.MinLeafRows, "1 or more")
	rule(finite(b.MinLeafHessian), "min_sum_hessian", b.MinLeafHessian, "0 or more")
	rule(finite(b.L2), "l2_regularization", b.L2, "0 or more")
	rule(finite(b.L1), "l1_regularization", b.L1, "0 or more")
	rule(b.MaxBins >= 2 && b.MaxBins <= 255, "max_bins", b.MaxBins, "from 2 to 255")
	rule(b.EarlyStopping >= 0, "early_stopping", b.EarlyStopping, "0 for never, or a number of trees")
	_, known := learn.MetricByName(b.Metric)
	rule(known, "metric", strconv.Quote(b.Metric), fmt.Sprintf("one of %q", learn.MetricNames()))
	rule(b.Subsample > 0 && b.Subsample <= 1, "subsample", b.Subsample, "above 0, at most 1")
	rule(b.Colsample > 0 && b.Colsample <= 1, "colsample", b.Colsample, "above 0, at most 1")
	rule(finite(b.CategorySmoothing), "cat_smooth", b.CategorySmoothing, "0 or more")
	rule(finite(b.CategoryL2), "cat_l2", b.CategoryL2, "0 or more")
	rule(b.MaxCategories >= 1, "max_cat_threshold", b.MaxCategories, "1 or more")
	rule(b.MinGroupRows >= 0, "min_data_per_group", b.MinGroupRows, "0 or more")
	if faults != nil {
		return fmt.Errorf("boost: %s", strings.Join(faults, "; "))
	}
	return nil
}

// Fit learns a [*Model]. It takes numbers, categories and missing values, and
// refuses a date column, a table without rows or columns, labels of one class
// only, and early stopping without Train.Valid.
func (b Boost) Fit(ctx context.Context, train learn.Train) (learn.Model, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	if err := checkTrain(b, train); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return fit(ctx, b, train)
}

func checkTrain(b Boost, train learn.Train) error {
	if err := checkLabelled("training", train.X, train.Y); err != nil {
		return err
	}
	positive := count(train.Y)
	if positive == 0 || positive == len(train.Y) {
		return fmt.Errorf("boost: all %d training rows have the label %v: there must be rows of both classes", len(train.Y), positive > 0)
	}
	if train.Valid.X == nil {
		if b.EarlyStopping > 0 {
			return fmt.Errorf("boost: early_stopping is %d but there is no validation part: set Train.Valid, or early_stopping to 0", b.EarlyStopping)
		}
		return nil
	}
	if err := checkLabelled("validation", train.Valid.X, train.Valid.Y); err != nil {
		return err
	}
	a, v := train.X.Columns(), train.Valid.X.Columns()
	if len(a) != len(v) {
		return fmt.Errorf("boost: the validation part has %d columns, training has %d: they must have the same", len(v), len(a))
	}
	for i := range a {
		if a[i].Name != v[i].Name || a[i].Kind != v[i].Kind {
			return fmt.Errorf("boost: column %d is %s in training and %s in the validation part: they must be the same", i+1, a[i], v[i])
		}
		if !slices.Equal(a[i].Levels, v[i].Levels) {
			return fmt.Errorf("boost: column %q has other levels in the validation part: the codes of both must mean the same", a[i].Name)
		}
	}
	return nil
}

func checkLabelled(part string, x *table.Table, y []bool) error {
	switch {
	case x == nil || x.Rows() == 0:
		return fmt.Errorf("boost: the %s part has no rows", part)
	case len(x.Columns()) == 0:
		return fmt.Errorf("boost: the %s part has no columns", part)
	case len(x.Columns()) > math.MaxUint16:
		return fmt.Errorf("boost: the %s part has %d columns, at most %d are allowed", part, len(x.Columns()), math.MaxUint16)
	case x.Rows() > maxRows:
		return fmt.Errorf("boost: the %s part has %d rows, at most %d are allowed", part, x.Rows(), maxRows)
	case x.Rows() != len(y):
		return fmt.Errorf("boost: the %s part has %d rows but %d labels", part, x.Rows(), len(y))
	}
	for _, c := range x.Columns() {
		if c.Kind != table.Number && c.Kind != table.Category {
			return fmt.Errorf("boost: column %q of the %s part is a %s: must be a number or a category; encode or drop it in the recipe", c.Name, part, c.Kind)
		}
	}
	return nil
}

func count(y []bool) (n int) {
	for _, v := range y {
		if v {
			n++
		}
	}
	return n
}

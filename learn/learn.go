// Package learn is the contract of a classifier, and what is needed to judge
// one: splits, metrics, curves, bootstrap intervals, cross-validation. The
// learners themselves are the packages below it: learn/linear, learn/tree,
// learn/boost. It never fits anything itself, and reads no clock: whatever is
// drawn at random is drawn from a seed that the caller gives.
//
// A [Classifier] is a set of hyper-parameters; its Fit makes a [Model], which
// gives probabilities. Both are values without hidden state: the same
// hyper-parameters, rows and seed give the same model bit for bit, however
// many threads there are.
//
// Features are the Number and Category columns of a table. NaN and a negative
// code are missing; a learner says in its doc whether it takes missing values
// and categories or refuses them.
package learn

import (
	"context"

	"github.com/pluvia-ml/pluvia/table"
)

// Classifier is a learner with its hyper-parameters set.
type Classifier interface {
	// Fit learns from the rows of train. It leaves them as they are, stops
	// with ctx.Err() soon after ctx is done, and returns an error for a table
	// that it cannot learn from: no rows, one class only, a kind of column or
	// a missing value that it does not take.
	Fit(ctx context.Context, train Train) (Model, error)
}

// Train is what a classifier learns from.
type Train struct {
	X *table.Table // features, Number and Category columns
	Y []bool       // the label of each row; true is the positive class

	// Valid is watched by learners that stop early, and is never learnt from.
	// Its zero value means that there is none.
	Valid Labelled

	// Progress, when not nil, is told how many of how many units of work (trees,
	// iterations) are done. It is called from one goroutine at a time.
	Progress func(done, total int)
}

// Labelled is a table of features with a label for each row.
type Labelled struct {
	X *table.Table
	Y []bool
}

// Model is a fitted classifier. It is safe for concurrent use.
type Model interface {
	// Probabilities is the probability of the positive class for each row of
	// x, whose columns must be those that the model was fitted on, in order. It writes
	// to dst, which it makes when dst is nil, and returns it. A row with a
	// missing value has NaN, no answer, from a learner that takes none. It
	// panics if dst is neither nil nor as long as x.
	Probabilities(dst []float64, x *table.Table) []float64
	// Probability is the same for one row: a number for each feature, the code
	// of a category, NaN when missing. It allocates nothing, and gives the
	// very bits that Probabilities gives.
	Probability(row []float64) float64
	// Importance is how much each feature counted in fitting, in the order of
	// the columns, summing to 1, or all 0 when none did.
	Importance() []float64
}

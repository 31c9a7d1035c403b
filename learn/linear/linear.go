// Package linear is the linear classifier: logistic regression with an L2
// penalty, as scikit-learn's LogisticRegression defines it.
//
// Features are numbers, none of them missing: a recipe fills, encodes and
// scales before. Fit refuses what it cannot take, by name of the column, and so
// does CheckFeatures before there are rows. A model answers NaN, never a guess,
// for a row with a missing feature. The package never fills or encodes anything
// itself.
package linear

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/table"
)

// Logistic is logistic regression. It minimises
//
//	C * (sum over rows of log loss) + 1/2 * |coefficients|^2
//
// where the intercept is not penalised. The zero value has the defaults.
type Logistic struct {
	C       float64 `json:"C,omitempty"`        // inverse strength of the penalty, above 0; 0 for 1
	MaxIter int     `json:"max_iter,omitempty"` // bound of Newton steps; 0 for 100
	Tol     float64 `json:"tol,omitempty"`      // stop when no part of the gradient of the mean loss exceeds it; 0 for 1e-8
}

// MaxFeatures is how many features Fit takes: Newton's method keeps a matrix of
// their square.
const MaxFeatures = 2000

// Fit learns by Newton's method. It refuses columns that are not numbers, and
// missing and infinite values. Rows whose classes can be told apart perfectly
// are no trouble: the penalty keeps the coefficients finite.
func (l Logistic) Fit(ctx context.Context, train learn.Train) (learn.Model, error) {
	l, err := l.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := train.Check(); err != nil {
		return nil, fmt.Errorf("logistic regression: %w", err)
	}
	if err := check(train.X); err != nil {
		return nil, err
	}
	m, err := l.newton(ctx, train)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Check says what is wrong with the hyper-parameters, all of it at once.
func (l Logistic) Check() error {
	_, err := l.withDefaults()
	return err
}

func (l Logistic) withDefaults() (Logistic, error) {
	if l.C == 0 {
		l.C = 1
	}
	if l.MaxIter == 0 {
		l.MaxIter = 100
	}
	if l.Tol == 0 {
		l.Tol = 1e-8
	}
	var faults []string
	if !(l.C > 0) || math.IsInf(l.C, 0) {
		faults = append(faults, fmt.Sprintf("C is %v: must be a finite number above 0", l.C))
	}
	if l.MaxIter < 0 {
		faults = append(faults, fmt.Sprintf("max_iter is %d: must be 1 or more", l.MaxIter))
	}
	if !(l.Tol > 0) || math.IsInf(l.Tol, 0) {
		faults = append(faults, fmt.Sprintf("tol is %v: must be a finite number above 0", l.Tol))
	}
	if faults != nil {
		return l, fmt.Errorf("logistic regression: %s", strings.Join(faults, "; "))
	}
	return l, nil
}

// CheckFeatures says which features the classifier does not take, all of them:
// those that are not numbers, and those that may be missing. It needs no rows,
// so that a recipe whose model would have no answer for some observation is
// found before there is one.
func (l Logistic) CheckFeatures(fields []table.Field) error {
	var coded, missing []string
	for _, f := range fields {
		if f.Type.Kind() != table.Number {
			coded = append(coded, f.Name)
		} else if !f.Required {
			missing = append(missing, f.Name)
		}
	}
	var faults []string
	if coded != nil {
		faults = append(faults, fmt.Sprintf("no number: %s; it takes numbers only, put a step that encodes them (one_hot) into the recipe", strings.Join(coded, ", ")))
	}
	if missing != nil {
		faults = append(faults, fmt.Sprintf("may be missing: %s; it takes no missing values, put a step that fills them (fill_median) behind those that make them", strings.Join(missing, ", ")))
	}
	if faults != nil {
		return fmt.Errorf("logistic regression: %s", strings.Join(faults, "; "))
	}
	return nil
}

// check names every column that x may not have.
func check(x *table.Table) error {
	if n := len(x.Columns()); n > MaxFeatures {
		return fmt.Errorf("logistic regression: %d features: it takes at most %d", n, MaxFeatures)
	}
	var faults []string
	for _, c := range x.Columns() {
		if c.Kind != table.Number {
			faults = append(faults, fmt.Sprintf("column %s is a %s: it takes numbers only, put a step that encodes it (one_hot) before", c.Name, c.Kind))
			continue
		}
		for i, v := range c.Numbers {
			if math.IsNaN(v) {
				faults = append(faults, fmt.Sprintf("column %s, row %d: missing: it takes no missing values, put a step that fills them before", c.Name, i+1))
				break
			}
			if math.IsInf(v, 0) {
				faults = append(faults, fmt.Sprintf("column %s, row %d: %v: it takes finite numbers only", c.Name, i+1, v))
				break
			}
		}
	}
	if faults != nil {
		return fmt.Errorf("logistic regression: %s", strings.Join(faults, "; "))
	}
	return nil
}

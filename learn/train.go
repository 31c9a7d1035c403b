package learn

import (
	"errors"
	"fmt"
	"slices"
)

// Check says what is wrong with t for any classifier: no rows, no columns, more
// or fewer labels than rows, only one class, a validation part of other
// columns. Every Fit begins with it.
func (t Train) Check() error {
	if t.X == nil || t.X.Rows() == 0 {
		return errors.New("no rows to learn from: give at least one of each class")
	}
	if len(t.X.Columns()) == 0 {
		return errors.New("no columns to learn from: give at least one feature")
	}
	if len(t.Y) != t.X.Rows() {
		return fmt.Errorf("%d labels for %d rows: give one for each row", len(t.Y), t.X.Rows())
	}
	if t.Valid.X != nil && len(t.Valid.Y) != t.Valid.X.Rows() {
		return fmt.Errorf("validation part: %d labels for %d rows: give one for each row", len(t.Valid.Y), t.Valid.X.Rows())
	}
	if t.Valid.X != nil && !slices.Equal(t.Valid.X.Names(), t.X.Names()) {
		return fmt.Errorf("validation part has columns %q: must have those of training, %q", t.Valid.X.Names(), t.X.Names())
	}
	positives := 0
	for _, y := range t.Y {
		if y {
			positives++
		}
	}
	if positives == 0 || positives == len(t.Y) {
		return fmt.Errorf("all %d labels are %t: there is nothing to tell apart; give rows of both classes", len(t.Y), t.Y[0])
	}
	return nil
}

package learn

import (
	"fmt"

	"github.com/pluvia-ml/pluvia/table"
)

// ByDay parts rows by date: part 0 before from[0], part i from from[i-1] until
// before from[i], the last from the last on. Rows keep their order within a
// part, and a part may be empty. A missing date, and bounds that do not rise, are
// errors.
func ByDay(days []table.Day, from ...table.Day) ([][]int, error) {
	for i := 1; i < len(from); i++ {
		if from[i] <= from[i-1] {
			return nil, fmt.Errorf("split by day: %s comes after %s: give the first days of the parts in rising order", from[i], from[i-1])
		}
	}
	parts := make([][]int, len(from)+1)
	for row, day := range days {
		if day == table.MissingDay {
			return nil, fmt.Errorf("split by day: row %d has no date: set rows without one aside before splitting", row+1)
		}
		part := 0
		for part < len(from) && day >= from[part] {
			part++
		}
		parts[part] = append(parts[part], row)
	}
	return parts, nil
}

// Fold is one way to part the rows of a table, as row numbers in rising order.
type Fold struct {
	Train, Test []int
}

// StratifiedKFold cuts the rows into k folds with the same share of positives
// in each test part, without shuffling: exactly the folds of scikit-learn's
// StratifiedKFold(k, shuffle=False). It is an error if k is below 2 or above
// the number of rows of the smaller class (where scikit-learn only warns, a fold
// would have no row of that class to be judged by).
func StratifiedKFold(y []bool, k int) ([]Fold, error) {
	class := func(label bool) int { // in order of appearance
		if label == y[0] {
			return 0
		}
		return 1
	}
	var counts [2]int
	for _, label := range y {
		counts[class(label)]++
	}
	if least := min(counts[0], counts[1]); k < 2 || k > least {
		return nil, fmt.Errorf("%d folds of %d rows, %d of the smaller class: give from 2 to %d", k, len(y), least, least)
	}
	// Row i of the labels sorted by class would go to fold i mod k; that says how
	// many of each class a fold gets, and it gets them in one block.
	var share [2][]int
	for c := range share {
		share[c] = make([]int, k)
	}
	for i := range y {
		if i < counts[0] {
			share[0][i%k]++
		} else {
			share[1][i%k]++
		}
	}
	folds := make([]Fold, k)
	var current [2]int
	for row, label := range y {
		c := class(label)
		for share[c][current[c]] == 0 {
			current[c]++
		}
		share[c][current[c]]--
		for f := range folds {
			if f == current[c] {
				folds[f].Test = append(folds[f].Test, row)
			} else {
				folds[f].Train = append(folds[f].Train, row)
			}
		}
	}
	return folds, nil
}

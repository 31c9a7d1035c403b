package table

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pluvia-ml/pluvia/internal/parallel"
)

// A column is called a leak from this balanced accuracy on, and in a table
// that has at least this many rows of each class: in fewer, some column or
// other separates the classes by chance.
const (
	LeakAccuracy = 0.999
	LeakRows     = 20
)

// Leak is a column that decides the target by itself.
type Leak struct {
	Column   string  `json:"column"`
	Accuracy float64 `json:"accuracy"` // balanced: the mean of the shares of each class that are told right
	Rule     string  `json:"rule"`     // which values mean the positive class: "from 1.2 to 371"
}

func (l Leak) String() string {
	return fmt.Sprintf("%s decides the target by itself: %s tells %.5g %% of the rows right (balanced)", l.Column, l.Rule, 100*l.Accuracy)
}

// Leaks finds the columns among candidates that decide the target y, the
// surest first. Such a column was made from the target, or after it, and a
// model that uses it has learnt nothing.
//
// Of a number and of a date it takes the best rule "from a to b" or "not from
// a to b", where either may be open and missing values may count as either;
// of a category the best rule "one of these levels". A level is judged by its
// other rows, so that a name that is different in every row decides nothing.
// A rule's balanced accuracy decides; see [LeakAccuracy].
//
// It panics if y is not as long as the table. Candidates that the table does
// not have are passed over.
func Leaks(t *Table, y []bool, candidates []string) []Leak {
	if len(y) != t.rows {
		panic(fmt.Sprintf("table: %d labels for %d rows", len(y), t.rows))
	}
	var positives int
	for _, positive := range y {
		if positive {
			positives++
		}
	}
	negatives := len(y) - positives
	if positives < LeakRows || negatives < LeakRows {
		return nil
	}
	found := make([]Leak, len(candidates))
	parallel.For(len(candidates), func(i int) {
		c := t.Column(candidates[i])
		if c == nil {
			return
		}
		found[i].Column = c.Name
		groups, missing := tallyColumn(c, y)
		gain := gains{float64(positives), float64(negatives)}
		if c.Kind == Category {
			found[i].Accuracy, found[i].Rule = gain.levels(c, append(groups, missing))
		} else {
			found[i].Accuracy, found[i].Rule = gain.interval(c, groups, missing)
		}
	})
	found = slices.DeleteFunc(found, func(l Leak) bool { return l.Accuracy < LeakAccuracy })
	slices.SortStableFunc(found, func(a, b Leak) int { return cmp.Compare(b.Accuracy, a.Accuracy) })
	return found
}

func tallyColumn(c *Column, y []bool) (groups []group, missing group) {
	if c.Kind != Category {
		return tally(c.floats(), y)
	}
	groups = make([]group, len(c.Levels))
	for code := range groups {
		groups[code].value = float64(code)
	}
	for row, code := range c.Codes {
		g := &missing
		if code >= 0 {
			g = &groups[code]
		}
		g.count++
		if y != nil && y[row] {
			g.positive++
		}
	}
	return groups, missing
}

// gains are the numbers of rows of each class. Calling a set of rows positive
// gains the share of all positives in it, less the share of all negatives; the
// balanced accuracy of doing so is (1 + gain) / 2.
type gains struct{ positives, negatives float64 }

func (n gains) of(g group) float64 {
	return float64(g.positive)/n.positives - float64(g.count-g.positive)/n.negatives
}

// interval finds the run of values whose gain is greatest, or least, as J.
// Kadane did (in J. Bentley, "Programming Pearls", CACM 27(9), 1984).
func (n gains) interval(c *Column, groups []group, missing group) (accuracy float64, rule string) {
	type run struct {
		gain     float64
		from, to int
	}
	var best, worst run // the empty run gains nothing
	var up, down run
	for i, g := range groups {
		gain := n.of(g)
		if up.gain <= 0 {
			up = run{from: i}
		}
		if down.gain >= 0 {
			down = run{from: i}
		}
		up.gain, up.to = up.gain+gain, i+1
		down.gain, down.to = down.gain+gain, i+1
		if up.gain > best.gain {
			best = up
		}
		if down.gain < worst.gain {
			worst = down
		}
	}
	// All that is not in the worst run gains what all values gain, less that.
	var all float64
	for _, g := range groups {
		all += n.of(g)
	}
	not := ""
	if all-worst.gain > best.gain {
		best, not = run{all - worst.gain, worst.from, worst.to}, "not "
	}
	gain := best.gain
	rule = "missing"
	if best.to > best.from {
		rule = not + "from " + text(c.Kind, groups[best.from].value) + " to " + text(c.Kind, groups[best.to-1].value)
	}
	if extra := n.of(missing); extra > 0 {
		gain += extra
		if rule != "missing" {
			rule += ", or missing"
		}
	}
	return (1 + gain) / 2, rule
}

func text(kind Kind, v float64) string {
	if kind == Date {
		return Day(v).String()
	}
	return Numbers("", []float64{v}).Text(0)
}

// levels calls a row positive if the other rows of its level gain something.
// The last group is that of the missing values.
func (n gains) levels(c *Column, groups []group) (accuracy float64, rule string) {
	var right, wrong float64 // positives found, negatives lost
	var names []string
	for i, g := range groups {
		without := g
		without.count, without.positive = g.count-1, g.positive-1
		if g.positive > 0 && n.of(without) > 0 {
			right += float64(g.positive)
		}
		without.positive = g.positive
		if g.count > g.positive && n.of(without) > 0 {
			wrong += float64(g.count - g.positive)
		}
		if n.of(g) > 0 {
			if i < len(c.Levels) {
				names = append(names, c.Levels[i])
			} else {
				names = append(names, "missing")
			}
		}
	}
	const most = 10
	rule = "one of " + fmt.Sprintf("%q", names[:min(most, len(names))])
	if len(names) > most {
		rule += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return (1 + right/n.positives - wrong/n.negatives) / 2, rule
}

// Package bar prints what a benchmark has measured beside what it must reach:
// a line for each bar, with the peer's figure, the ratio, and whether it holds.
package bar

import (
	"fmt"
	"io"
	"math"
	"slices"
)

// Limit is what a figure must reach.
type Limit struct {
	least bool
	value float64
}

// AtMost is a limit from above.
func AtMost(value float64) Limit { return Limit{false, value} }

// AtLeast is a limit from below.
func AtLeast(value float64) Limit { return Limit{true, value} }

func (l Limit) holds(v float64) bool {
	if l.least {
		return v >= l.value
	}
	return v <= l.value
}

func (l Limit) String() string {
	if l.least {
		return fmt.Sprintf(">= %g", l.value)
	}
	return fmt.Sprintf("<= %g", l.value)
}

// Sheet is the table of a benchmark.
type Sheet struct {
	w      io.Writer
	missed int
}

// NewSheet begins a table whose second column of figures is the peer's.
func NewSheet(w io.Writer, peer string) *Sheet {
	fmt.Fprintf(w, "\n%-44s %12s %12s %8s  %-12s %s\n", "what", "Pluvia", peer, "ratio", "must be", "holds")
	return &Sheet{w: w}
}

// Ratio judges how many times the peer's figure ours is.
func (s *Sheet) Ratio(what string, ours, peer float64, must Limit) {
	s.line(what, ours, peer, must.holds(ours/peer), must.String()+" x")
}

// Alone judges our figure; the peer's, NaN when there is none, is for comparison.
func (s *Sheet) Alone(what string, ours, peer float64, must Limit) {
	s.line(what, ours, peer, must.holds(ours), must.String())
}

// Difference judges ours less the peer's.
func (s *Sheet) Difference(what string, ours, peer float64, must Limit) {
	s.line(what, ours, peer, must.holds(ours-peer), must.String()+" more")
}

func (s *Sheet) line(what string, ours, peer float64, holds bool, must string) {
	verdict := "yes"
	if !holds {
		verdict = "NO"
		s.missed++
	}
	theirs, ratio := "-", "-"
	if !math.IsNaN(peer) {
		theirs, ratio = fmt.Sprintf("%.4g", peer), fmt.Sprintf("%.2f", ours/peer)
	}
	fmt.Fprintf(s.w, "%-44s %12.4g %12s %8s  %-12s %s\n", what, ours, theirs, ratio, must, verdict)
}

// Held says whether every bar holds.
func (s *Sheet) Held() bool { return s.missed == 0 }

// Median is the middle value, the mean of the two middle ones for an even
// number of values, NaN for none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

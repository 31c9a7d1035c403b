package recipe

import (
	"math"
	"slices"
)

// tally counts the distinct values of numbers that are not missing: an exact summary, which
// can be merged, and of which measured data need little, because instruments
// round. It is a hash table with linear probing; -0 counts as 0.
type tally struct {
	keys   []float64
	counts []int // 0 marks an empty cell
	used   int
	n      int // values counted
	shift  uint
}

func newTally() *tally {
	const bits = 10
	return &tally{keys: make([]float64, 1<<bits), counts: make([]int, 1<<bits), shift: 64 - bits}
}

// add counts every value of x but NaN.
func (t *tally) add(x []float64) {
	for _, v := range x {
		if v == v {
			t.count(v+0, 1)
		}
	}
}

// merge counts what u has counted.
func (t *tally) merge(u *tally) {
	for i, c := range u.counts {
		if c > 0 {
			t.count(u.keys[i], c)
		}
	}
}

func (t *tally) count(v float64, times int) {
	mask := uint(len(t.keys) - 1)
	// Fibonacci hashing: the high bits of the product depend on all bits of v.
	i := uint(math.Float64bits(v)*0x9e3779b97f4a7c15>>t.shift) & mask
	for t.counts[i] != 0 && t.keys[i] != v {
		i = (i + 1) & mask
	}
	if t.counts[i] == 0 {
		t.keys[i] = v
		t.used++
	}
	t.counts[i] += times
	t.n += times
	if 2*t.used > len(t.keys) {
		t.grow()
	}
}

func (t *tally) grow() {
	old := *t
	t.keys, t.counts = make([]float64, 4*len(old.keys)), make([]int, 4*len(old.keys))
	t.used, t.n, t.shift = 0, 0, old.shift-2
	t.merge(&old)
}

// valueCount is a value and how many there are up to and with it.
type valueCount struct {
	value float64
	upTo  int
}

// sorted are the distinct values in rising order with running counts.
func (t *tally) sorted() []valueCount {
	out := make([]valueCount, 0, t.used)
	for i, c := range t.counts {
		if c > 0 {
			out = append(out, valueCount{t.keys[i], c})
		}
	}
	slices.SortFunc(out, func(a, b valueCount) int {
		if a.value < b.value {
			return -1
		}
		return 1
	})
	sum := 0
	for i := range out {
		sum += out[i].upTo
		out[i].upTo = sum
	}
	return out
}

// ranked is the value at a rank, from 0, among the n behind sorted.
func ranked(sorted []valueCount, rank int) float64 {
	i, _ := slices.BinarySearchFunc(sorted, rank+1, func(v valueCount, r int) int { return v.upTo - r })
	return sorted[i].value
}

// quantile is what [table.Quantile] gives for the values behind sorted, of
// which there must be one at least.
func quantile(sorted []valueCount, q float64) float64 {
	n := sorted[len(sorted)-1].upTo
	h := float64(n-1) * q
	low := math.Floor(h)
	a, b, t := ranked(sorted, int(low)), ranked(sorted, min(int(low)+1, n-1)), h-low
	// NumPy interpolates from the nearer end; the conversions forbid fused
	// multiplication and addition, which would differ between machines.
	d := b - a
	if t < 0.5 {
		return a + float64(d*t)
	}
	return b - float64(d*(1-t))
}

// median is what [table.Median] gives for the values behind sorted, of which
// there must be one at least.
func median(sorted []valueCount) float64 {
	n := sorted[len(sorted)-1].upTo
	if n%2 == 1 {
		return ranked(sorted, n/2)
	}
	return (ranked(sorted, n/2-1) + ranked(sorted, n/2)) / 2
}

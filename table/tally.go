package table

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// group is a distinct value of a column with how many rows have it, and how
// many of those are positive.
type group struct {
	value           float64
	count, positive int
}

// tally counts the distinct values, in ascending order, and the NaNs. Measured
// columns have a few hundred distinct values, so that hashing and sorting
// those takes a tenth of the time of sorting all. It does not look at positive
// when that is nil.
func tally(values []float64, positive []bool) (groups []group, missing group) {
	slots := make([]int32, 256) // open addressing: index into groups + 1
	for row, v := range values {
		g := &missing
		if v == v {
			v += 0 // -0 and 0 are one
			at := slot(slots, groups, v)
			if slots[at] == 0 {
				groups = append(groups, group{value: v})
				slots[at] = int32(len(groups))
			}
			g = &groups[slots[at]-1]
		}
		g.count++
		if positive != nil && positive[row] {
			g.positive++
		}
		if 2*len(groups) > len(slots) {
			slots = make([]int32, 4*len(slots))
			for i := range groups {
				slots[slot(slots, groups[:i], groups[i].value)] = int32(i + 1)
			}
		}
	}
	slices.SortFunc(groups, func(a, b group) int { return cmp.Compare(a.value, b.value) })
	return groups, missing
}

// slot is where the group of v is, or where it belongs.
func slot(slots []int32, groups []group, v float64) int {
	hash := math.Float64bits(v) * 0x9e3779b97f4a7c15 // Fibonacci hashing: the upper bits are the good ones
	mask := len(slots) - 1
	at := int(hash >> (64 - bits.Len(uint(mask))))
	for slots[at] != 0 && groups[slots[at]-1].value != v {
		at = (at + 1) & mask
	}
	return at
}

// floats are the values of a number or a date as numbers; those of a number are shared.
func (c *Column) floats() []float64 {
	if c.Kind == Number {
		return c.Numbers
	}
	values := make([]float64, c.Len())
	for i := range values {
		values[i] = c.Float(i)
	}
	return values
}

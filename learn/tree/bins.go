package tree

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/pluvia-ml/pluvia/internal/parallel"
	"github.com/pluvia-ml/pluvia/table"
)

const (
	maxBins = 255 // for values; a bin fits a byte
	missing = 255 // the bin of a missing value
)

// binned is a table of features as bins.
type binned struct {
	columns [][]uint8 // by feature, by row
	cuts    []cut     // by feature
}

// cut says what the bins of a feature hold: of a number the least and the
// greatest value that occurs in each; of a category bin and code are the same.
type cut struct {
	category  bool
	low, high []float64
}

// bin puts every column into bins.
func bin(ctx context.Context, x *table.Table) (*binned, error) {
	columns := x.Columns()
	b := &binned{make([][]uint8, len(columns)), make([]cut, len(columns))}
	err := parallel.ForContext(ctx, len(columns), func(j int) {
		if columns[j].Kind == table.Category {
			b.cuts[j].category = true
			b.columns[j] = codes(columns[j].Codes)
			return
		}
		b.cuts[j] = cutNumbers(columns[j].Numbers)
		b.columns[j] = b.cuts[j].assign(columns[j].Numbers)
	})
	return b, err
}

func codes(values []int32) []uint8 {
	out := make([]uint8, len(values))
	for i, code := range values {
		out[i] = missing
		if code >= 0 {
			out[i] = uint8(code)
		}
	}
	return out
}

// sampleSize is how many values of a longer column bins are made from: sorting
// a million would be most of the time that binning takes.
const sampleSize = 1 << 18

// cutNumbers gives each distinct value a bin of its own if there are enough
// bins, and else fills one bin after the other with its fair share of the rows
// that are left. Of a long column it looks at one value in each of sampleSize
// stretches of equal length, drawn from a fixed stream.
func cutNumbers(values []float64) cut {
	sorted := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) {
			sorted = append(sorted, v)
		}
	}
	if n := len(sorted); n > sampleSize {
		random := rand.New(rand.NewPCG(0, 0))
		for i := range sampleSize {
			from, to := i*n/sampleSize, (i+1)*n/sampleSize
			sorted[i] = sorted[from+random.IntN(to-from)]
		}
		sorted = sorted[:sampleSize]
	}
	slices.Sort(sorted)
	distinct := 0
	for i, v := range sorted {
		if i == 0 || v != sorted[i-1] {
			distinct++
		}
	}
	var c cut
	for from := 0; from < len(sorted); {
		to := from + 1
		if distinct > maxBins {
			left := maxBins - len(c.low)
			to = from + (len(sorted)-from+left-1)/left
		}
		for to < len(sorted) && sorted[to] == sorted[to-1] {
			to++
		}
		c.low, c.high = append(c.low, sorted[from]), append(c.high, sorted[to-1])
		from = to
	}
	return c
}

// assign gives the bin of each value. It widens the bins to values that
// cutNumbers did not look at.
func (c *cut) assign(values []float64) []uint8 {
	out := make([]uint8, len(values))
	for i, v := range values {
		if math.IsNaN(v) {
			out[i] = missing
			continue
		}
		from, to := 0, len(c.high)-1
		for from < to {
			if mid := (from + to) / 2; v <= c.high[mid] {
				to = mid
			} else {
				from = mid + 1
			}
		}
		out[i] = uint8(from)
		c.low[from] = min(c.low[from], v)
		c.high[from] = max(c.high[from], v) // only ever of the last bin
	}
	return out
}

// threshold is a number that parts bin a from the next occupied bin b: halfway
// between their values.
func (c cut) threshold(a, b uint8) float64 {
	low, high := c.high[a], c.low[b]
	if t := low/2 + high/2; t >= low && t < high {
		return t
	}
	return low
}

package boost

import (
	"math"
	"slices"

	"github.com/pluvia-ml/pluvia/table"
)

// cut is how the values of one feature become bins: 0 to bins-1 for values,
// bins for a missing one.
type cut struct {
	bins  int
	edges []float64 // number: bin b holds the values in (edges[b-1], edges[b]]; the last has no edge
	codes []uint8   // category: the bin of each code; nil for a number
}

// binned is a table as bins, kept twice: row by row for histograms, which read
// all features of a row, and column by column for partitions, which read one.
type binned struct {
	n, features int
	rows        []uint8 // [n][features]
	cols        []uint8 // [features][n]
}

func (b *binned) col(feature int) []uint8 { return b.cols[feature*b.n : (feature+1)*b.n] }

// makeCuts chooses the bins of each column.
func makeCuts(x *table.Table, maxBins int) []cut {
	cuts := make([]cut, len(x.Columns()))
	parallel(len(cuts), func(j int) {
		c := x.Columns()[j]
		if c.Kind == table.Category {
			cuts[j] = cutCategories(c, maxBins)
		} else {
			cuts[j] = cutNumbers(c.Numbers, maxBins)
		}
	})
	return cuts
}

// cutCategories gives each level that occurs a bin of its own; when there are
// more than bins, the rarest share the last one.
func cutCategories(c *table.Column, maxBins int) cut {
	levels := len(c.Levels)
	for _, code := range c.Codes {
		levels = max(levels, int(code)+1)
	}
	rows := make([]int, levels)
	for _, code := range c.Codes {
		if code >= 0 {
			rows[code]++
		}
	}
	order := make([]int, 0, levels)
	for code := range rows {
		if rows[code] > 0 {
			order = append(order, code)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return rows[b] - rows[a] })
	out := cut{bins: min(len(order), maxBins), codes: make([]uint8, levels)}
	for code := range out.codes {
		out.codes[code] = uint8(out.bins) // a level that never occurs is as good as missing
	}
	for i, code := range order {
		out.codes[code] = uint8(min(i, out.bins-1))
	}
	return out
}

// cutNumbers gives each value its own bin when there are few, else bins of
// about equal numbers of rows; a value with more rows than a bin should have
// gets one of its own, as LightGBM does.
func cutNumbers(values []float64, maxBins int) cut {
	sorted := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) {
			sorted = append(sorted, v)
		}
	}
	slices.Sort(sorted)
	var distinct []float64
	var rows []int
	for i, v := range sorted {
		if i == 0 || v != sorted[i-1] {
			distinct, rows = append(distinct, v), append(rows, 0)
		}
		rows[len(rows)-1]++
	}
	return cut{bins: 0}.over(distinct, rows, maxBins)
}

// over fills in the edges for distinct values in ascending order.
func (c cut) over(distinct []float64, rows []int, maxBins int) cut {
	if len(distinct) == 0 {
		return cut{bins: 0}
	}
	left, bins := 0, maxBins
	for _, r := range rows {
		left += r
	}
	big := make([]bool, len(rows))
	size := float64(left) / float64(bins)
	for i, r := range rows {
		if big[i] = float64(r) >= size; big[i] {
			left -= r
			bins--
		}
	}
	size = float64(left) / float64(max(bins, 1))
	inBin := 0
	for i := range len(distinct) - 1 {
		if len(distinct) <= maxBins {
			c.edges = append(c.edges, middle(distinct[i], distinct[i+1]))
			continue
		}
		if !big[i] {
			left -= rows[i]
		}
		inBin += rows[i]
		full := big[i] || float64(inBin) >= size || (big[i+1] && float64(inBin) >= max(1, size/2))
		if !full {
			continue
		}
		c.edges = append(c.edges, middle(distinct[i], distinct[i+1]))
		inBin = 0
		if len(c.edges) == maxBins-1 {
			break
		}
		if !big[i] {
			bins--
			size = float64(left) / float64(max(bins, 1))
		}
	}
	c.bins = len(c.edges) + 1
	return c
}

// middle is a number t with a <= t < b, halfway where there is one.
func middle(a, b float64) float64 {
	if t := a/2 + b/2; t >= a && t < b {
		return t
	}
	return a
}

func (c *cut) bin(x float64) uint8 {
	if math.IsNaN(x) {
		return uint8(c.bins)
	}
	if c.codes != nil {
		if x < 0 || x >= float64(len(c.codes)) {
			return uint8(c.bins)
		}
		return c.codes[int(x)]
	}
	lo, hi := 0, len(c.edges)
	for lo < hi {
		mid := (lo + hi) / 2
		if x <= c.edges[mid] {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return uint8(min(lo, c.bins))
}

// makeBins cuts a table.
func makeBins(x *table.Table, cuts []cut) *binned {
	b := &binned{n: x.Rows(), features: len(cuts)}
	b.cols = make([]uint8, b.n*b.features)
	b.rows = make([]uint8, b.n*b.features)
	parallel(len(cuts), func(j int) {
		c, col := x.Columns()[j], b.col(j)
		for i := range col {
			col[i] = cuts[j].bin(c.Float(i))
		}
	})
	const block = 1024
	parallel((b.n+block-1)/block, func(k int) {
		from, to := k*block, min(b.n, (k+1)*block)
		for j := range b.features {
			col := b.col(j)
			for i := from; i < to; i++ {
				b.rows[i*b.features+j] = col[i]
			}
		}
	})
	return b
}

package boost

import (
	"cmp"
	"context"
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
	rows        []uint8 // [n][features]; nil where no histogram is made
	cols        []uint8 // [features][n]
}

func (b *binned) col(feature int) []uint8 { return b.cols[feature*b.n : (feature+1)*b.n] }

// cutTable chooses the bins of each column of the training table, and bins it. It
// ends early, with something unusable, when ctx is done.
func cutTable(ctx context.Context, t *team, x *table.Table, maxBins int) ([]cut, *binned) {
	cuts := make([]cut, len(x.Columns()))
	b := newBinned(x.Rows(), len(cuts))
	t.do(len(cuts), func(j int) {
		c := x.Columns()[j]
		if ctx.Err() != nil {
			return
		}
		if c.Kind == table.Category {
			cuts[j] = cutCategories(c, maxBins)
			cuts[j].binCodes(b.col(j), c.Codes)
		} else {
			cuts[j] = cutNumbers(ctx, b.col(j), c.Numbers, maxBins)
		}
	})
	if ctx.Err() == nil {
		b.fillRows(t)
	}
	return cuts, b
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

// sampleRows is from how many rows edges are made when a feature has many distinct values:
// 256 for each of 255 bins.
const sampleRows = 1 << 16

// cutNumbers gives each value its own bin when there are few, else bins of
// about equal numbers of rows; a value with more rows than a bin should have
// gets one of its own, as LightGBM does. It writes the bin of each value to bins.
//
// Measured values mostly come in steps: a small hash table counts them and
// then gives their bins, ten times faster than a sort and a binary search;
// where it overflows, evenly spaced rows are sorted.
func cutNumbers(ctx context.Context, bins []uint8, values []float64, maxBins int) cut {
	const size, full = 1 << 12, 1 << 11
	type entry struct {
		value float64
		rows  int32
	}
	var seen [size]entry
	slots := make([]uint16, len(values))
	used := make([]uint16, 0, full)
	for i, v := range values {
		if v != v {
			slots[i] = size
			continue
		}
		slot := uint16(math.Float64bits(v+0) * 0x9e3779b97f4a7c15 >> 52) // +0 makes one zero of two
		for seen[slot].rows > 0 && seen[slot].value != v {
			slot = (slot + 1) % size
		}
		if seen[slot].rows == 0 {
			if len(used) == full {
				return cutMany(ctx, bins, values, maxBins)
			}
			seen[slot].value = v
			used = append(used, slot)
		}
		seen[slot].rows++
		slots[i] = slot
	}
	slices.SortFunc(used, func(a, b uint16) int { return cmp.Compare(seen[a].value, seen[b].value) })
	distinct, rows := make([]float64, len(used)), make([]int, len(used))
	for i, slot := range used {
		distinct[i], rows[i] = seen[slot].value, int(seen[slot].rows)
	}
	c := cut{}.over(distinct, rows, maxBins)
	var binOf [size + 1]uint8
	binOf[size] = uint8(c.bins)
	for _, slot := range used {
		binOf[slot] = c.bin(seen[slot].value)
	}
	for i, slot := range slots {
		bins[i] = binOf[slot]
	}
	return c
}

func cutMany(ctx context.Context, bins []uint8, values []float64, maxBins int) cut {
	step := (len(values) + sampleRows - 1) / sampleRows
	sorted := make([]float64, 0, len(values)/step+1)
	for i := 0; i < len(values); i += step {
		if v := values[i]; v == v {
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
	c := cut{}.over(distinct, rows, maxBins)
	for block := range slices.Chunk(values, 1<<16) {
		if ctx.Err() != nil {
			break
		}
		c.binNumbers(bins, block)
		bins = bins[len(block):]
	}
	return c
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

// bin is the bin of a number.
func (c *cut) bin(x float64) uint8 {
	if x != x {
		return uint8(c.bins)
	}
	return c.search(x)
}

// search is the number of edges below x, by halving without branches.
func (c *cut) search(x float64) uint8 {
	at, n := 0, len(c.edges)
	for n > 0 {
		half := (n + 1) / 2
		above := 0
		if c.edges[at+half-1] < x {
			above = half
		}
		at += above
		n -= half
	}
	return uint8(at)
}

func (c *cut) binNumbers(bins []uint8, values []float64) {
	for i, v := range values {
		bins[i] = c.bin(v)
	}
}

func (c *cut) binCodes(bins []uint8, codes []int32) {
	for i, code := range codes {
		bins[i] = uint8(c.bins)
		if code >= 0 && int(code) < len(c.codes) {
			bins[i] = c.codes[code]
		}
	}
}

func newBinned(n, features int) *binned {
	return &binned{n: n, features: features, cols: make([]uint8, n*features)}
}

// binTable bins a table as another was cut.
func binTable(t *team, x *table.Table, cuts []cut) *binned {
	b := newBinned(x.Rows(), len(cuts))
	t.do(len(cuts), func(j int) {
		if c := x.Columns()[j]; c.Kind == table.Category {
			cuts[j].binCodes(b.col(j), c.Codes)
		} else {
			cuts[j].binNumbers(b.col(j), c.Numbers)
		}
	})
	return b
}

// fillRows copies the columns to rows.
func (b *binned) fillRows(t *team) {
	b.rows = make([]uint8, len(b.cols))
	const block = 1024
	t.do((b.n+block-1)/block, func(k int) {
		from, to := k*block, min(b.n, (k+1)*block)
		for j := range b.features {
			at := from*b.features + j
			for _, bin := range b.col(j)[from:to] {
				b.rows[at] = bin
				at += b.features
			}
		}
	})
}

package boost

import (
	"math"
	"slices"
)

// split is the division of a leaf by one feature.
type split struct {
	gain    float64 // in units of the loss; 0 for no split
	feature int
	left    [256]bool // by bin; the feature's missing bin included
	edge    int       // number: bins up to this one go left
	sum     sum       // of the left side
}

// search finds the best split of a leaf by a feature.
type search struct {
	*Boost
	scale
	minRows    int
	minHessian float64 // in units of the scale
	rowHessian float64 // the largest Hessian of one row in units of the scale
}

func newSearch(b *Boost, sc scale) search {
	return search{b, sc, b.MinLeafRows, b.MinLeafHessian * sc.hessian, maxHessian * sc.hessian}
}

// score is the loss that a leaf of this sum takes away, times two.
func (s *search) score(of sum, l2 float64) float64 {
	g := s.shrunk(of)
	h := of.hessian()/s.hessian + l2
	if h <= 0 {
		return 0
	}
	return g * g / h
}

func (s *search) shrunk(of sum) float64 {
	g := of.gradient() / s.gradient
	if s.L1 > 0 {
		g = math.Copysign(max(0, math.Abs(g)-s.L1), g)
	}
	return g
}

// value is what a leaf of this sum answers, in log odds.
func (s *search) value(of sum) float64 {
	h := of.hessian()/s.hessian + s.L2
	if h <= 0 {
		return 0
	}
	return -s.LearningRate * s.shrunk(of) / h
}

// best is the best split of a leaf by feature j, whose cut is c. The leaf has
// the sums h by bin, total altogether, over the given rows.
func (s *search) best(j int, c *cut, h *[256]sum, total sum, col []uint8, rows []int32) split {
	if c.bins+1 < 2 {
		return split{}
	}
	if c.codes != nil {
		return s.bestSet(j, c, h, total, col, rows)
	}
	counts := counter{col: col, rows: rows}
	parent := s.score(total, s.L2)
	best, bestLeft, bestMissing, bestSum := 0.0, 0, false, sum(0)
	missing := h[c.bins]
	try := func(left sum, edge int, missingLeft bool) {
		right := total - left
		if left.hessian() < s.minHessian || right.hessian() < s.minHessian {
			return
		}
		gain := s.score(left, s.L2) + s.score(right, s.L2) - parent
		if gain <= best {
			return
		}
		if s.uncertain(left) || s.uncertain(right) {
			n := counts.upTo(edge)
			if missingLeft {
				n += counts.of(c.bins)
			}
			if n < s.minRows || len(rows)-n < s.minRows {
				return
			}
		}
		best, bestLeft, bestMissing, bestSum = gain, edge, missingLeft, left
	}
	var left sum
	for b := range c.bins {
		left += h[b]
		if b < c.bins-1 || missing != 0 {
			try(left, b, false)
		}
		if missing != 0 && b < c.bins-1 {
			try(left+missing, b, true)
		}
	}
	if best == 0 {
		return split{}
	}
	out := split{gain: best, feature: j, edge: bestLeft, sum: bestSum}
	for b := range bestLeft + 1 {
		out.left[b] = true
	}
	// With nothing missing here the larger side is the better guess.
	out.left[c.bins] = bestMissing || missing == 0 && bestSum.hessian()*2 > total.hessian()
	return out
}

// uncertain says that a sum may be of fewer rows than a leaf must have. Each
// row has a Hessian of at most 1/4, which settles most sums without counting.
func (s *search) uncertain(of sum) bool {
	return of.hessian() < float64(s.minRows)*s.rowHessian
}

// counter counts the rows of a leaf by bin when it is first asked.
type counter struct {
	col  []uint8
	rows []int32
	to   *[257]int // rows in the bins before
}

func (c *counter) count() {
	if c.to != nil {
		return
	}
	c.to = new([257]int)
	for _, r := range c.rows {
		c.to[int(c.col[r])+1]++
	}
	for b := range 256 {
		c.to[b+1] += c.to[b]
	}
}

func (c *counter) upTo(bin int) int { c.count(); return c.to[bin+1] }
func (c *counter) of(bin int) int   { c.count(); return c.to[bin+1] - c.to[bin] }

// maxOneVsRest is up to how many categories each is tried alone against the
// rest, as LightGBM does.
const maxOneVsRest = 4

// bestSet is the best split of the categories, missing among them, into two
// sets: sorted by gradient over Hessian, the best set is a run from one end
// (Fisher 1958).
func (s *search) bestSet(j int, c *cut, h *[256]sum, total sum, col []uint8, rows []int32) split {
	counts := counter{col: col, rows: rows}
	bins := make([]int, 0, c.bins+1)
	for b := range c.bins + 1 {
		if h[b] != 0 {
			bins = append(bins, b)
		}
	}
	best := split{}
	l2 := s.L2
	try := func(left sum, set []int) {
		right := total - left
		if left.hessian() < s.minHessian || right.hessian() < s.minHessian {
			return
		}
		gain := s.score(left, l2) + s.score(right, l2) - s.score(total, s.L2)
		if gain <= best.gain {
			return
		}
		if s.uncertain(left) || s.uncertain(right) {
			n := 0
			for _, b := range set {
				n += counts.of(b)
			}
			if n < s.minRows || len(rows)-n < s.minRows {
				return
			}
		}
		best = split{gain: gain, feature: j, edge: -1, sum: left}
		for _, b := range set {
			best.left[b] = true
		}
	}
	if len(bins) <= maxOneVsRest {
		for i, b := range bins {
			try(h[b], bins[i:i+1])
		}
		return best
	}
	l2 += s.CategoryL2
	order := func(b int) float64 { return s.shrunk(h[b]) / (h[b].hessian()/s.hessian + s.CategorySmoothing) }
	slices.SortStableFunc(bins, func(a, b int) int {
		switch x, y := order(a), order(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	for range 2 {
		var left sum
		for i := range min(len(bins)-1, s.MaxCategories) {
			left += h[bins[i]]
			try(left, bins[:i+1])
		}
		slices.Reverse(bins)
	}
	return best
}

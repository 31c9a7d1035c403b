package boost

import (
	"cmp"
	"math"
	"slices"
)

// split is the division of a leaf by one feature.
type split struct {
	gain    float64 // in units of the loss; 0 for no split
	doubt   float64 // a greater gain that was passed over, as a side may have too few rows; or 0
	feature int
	edge    int  // number: bins up to this one go left
	left    set  // the bins that go left, that of missing values included
	sum     sum  // of the left side
	sets    bool // both sides are sets of categories, not one against the rest
}

// set is a set of bins.
type set [4]uint64

func (s *set) has(bin uint8) bool { return s[bin/64]>>(bin%64)&1 != 0 }
func (s *set) add(bin int)        { s[bin/64] |= 1 << (bin % 64) }

// search finds the best split of a leaf by a feature. Everything is in units
// of the fixed point, so that a sum need not be scaled to be judged.
type search struct {
	l1, l2     float64
	l2Set      float64 // for sets of categories
	smoothing  float64
	maxSet     int
	minGroup   int
	minRows    int
	minHessian float64
	certain    float64 // a sum of this Hessian is of minRows rows at least
	unit       float64 // of gain
	answer     float64 // what a gradient of 1 over a Hessian of 1 changes the score by
}

func newSearch(b *Boost, sc scale) search {
	return search{
		l1:         b.L1 * sc.gradient,
		l2:         b.L2 * sc.hessian,
		l2Set:      (b.L2 + b.CategoryL2) * sc.hessian,
		smoothing:  b.CategorySmoothing * sc.hessian,
		maxSet:     b.MaxCategories,
		minGroup:   b.MinGroupRows,
		minRows:    b.MinLeafRows,
		minHessian: max(b.MinLeafHessian*sc.hessian, 1), // a leaf without any Hessian has no answer
		certain:    float64(b.MinLeafRows) * maxHessian * sc.hessian,
		unit:       sc.hessian / (sc.gradient * sc.gradient),
		answer:     b.LearningRate * sc.hessian / sc.gradient,
	}
}

func (s *search) shrunk(gradient float64) float64 {
	if s.l1 > 0 {
		return math.Copysign(max(0, math.Abs(gradient)-s.l1), gradient)
	}
	return gradient
}

// score is the loss that the best answer of a leaf takes away, times two.
func (s *search) score(of sum, l2 float64) float64 {
	g := s.shrunk(of.gradient())
	return g * g / (of.hessian() + l2)
}

// value is what a leaf of this sum answers, in log odds. A leaf of a division
// into sets of categories answers with the L2 of that division, as in LightGBM.
func (s *search) value(of sum, ofSet bool) float64 {
	h := of.hessian() + s.l2
	if ofSet {
		h = of.hessian() + s.l2Set
	}
	if h <= 0 {
		return 0
	}
	return -s.answer * s.shrunk(of.gradient()) / h
}

// best is the best split of a leaf by feature j, whose cut is c, if it gains
// more than floor. The leaf of n rows has the sums h by bin and total altogether. Without
// rows to count, splits that may leave a side with too few are passed over and
// the greatest of their gains is doubt.
func (s *search) best(j int, c *cut, h *[256]sum, total sum, n int, rows *counter, floor float64) split {
	if total.hessian() < 2*s.minHessian {
		return split{}
	}
	if c.codes != nil {
		return s.bestSet(j, c, h, total, n, rows, floor)
	}
	missing := h[c.bins]
	parent := s.score(total, s.l2)
	found := scan{search: s, total: total, best: floor/s.unit + parent, edge: -1, rows: rows, bin: c.bins}
	found.run(h[:c.bins], 0, false)
	if missing != 0 {
		found.run(h[:c.bins], missing, true)
	}
	out := split{feature: j, edge: found.edge, sum: found.left}
	if found.doubt > found.best {
		out.doubt = (found.doubt - parent) * s.unit
	}
	if found.edge < 0 {
		return out
	}
	out.gain = (found.best - parent) * s.unit
	for b := range found.edge + 1 {
		out.left.add(b)
	}
	// With nothing missing here the larger side is the better guess.
	if found.missingLeft || missing == 0 && found.left.hessian()*2 > total.hessian() {
		out.left.add(c.bins)
	}
	return out
}

// scan is a walk over the edges of a feature in a leaf.
type scan struct {
	*search
	total sum

	best        float64 // the greatest score of both sides so far
	edge        int     // where it is: bins up to this one go left
	left        sum
	missingLeft bool

	rows  *counter // nil when sides of few rows are to be passed over
	doubt float64  // the greatest of their scores
	bin   int      // of missing values
}

// run tries every edge, with the sum start already on the left. The last edge
// parts the values from what is missing.
func (w *scan) run(h []sum, start sum, missingLeft bool) {
	left, total, best := start, w.total, w.best
	l1, l2, least := w.l1 > 0, w.l2, w.minHessian
	if missingLeft && len(h) > 0 {
		h = h[:len(h)-1]
	}
	for b, s := range h {
		left += s
		right := total - left
		hl, hr := left.hessian(), right.hessian()
		if hl < least || s == 0 {
			continue
		}
		if hr < least {
			break
		}
		gl, gr := left.gradient(), right.gradient()
		if l1 {
			gl, gr = w.shrunk(gl), w.shrunk(gr)
		}
		hl, hr = hl+l2, hr+l2
		// gl²/hl + gr²/hr > best, without a division.
		up, down := gl*gl*hr+gr*gr*hl, hl*hr
		if up <= best*down {
			continue
		}
		if min(hl, hr) < w.certain+l2 {
			if w.rows == nil {
				w.doubt = max(w.doubt, up/down)
				continue
			}
			n := w.rows.upTo(b)
			if missingLeft {
				n += w.rows.of(w.bin)
			}
			if n < w.minRows || w.rows.n-n < w.minRows {
				continue
			}
		}
		best = up / down
		w.best, w.edge, w.left, w.missingLeft = best, b, left, missingLeft
	}
}

// counter counts the rows of a leaf by bin of one feature when it is first
// asked. Each row has a Hessian of at most 1/4, which tells most of the time
// that a side has rows enough without counting them.
type counter struct {
	col    []uint8
	rows   [][]int32
	n      int // of all rows
	to     [257]int32
	filled bool
}

func (c *counter) fill() {
	if c.filled {
		return
	}
	c.filled = true
	for _, rows := range c.rows {
		for _, r := range rows {
			c.to[int(c.col[r])+1]++
		}
	}
	for b := range 256 {
		c.to[b+1] += c.to[b]
	}
}

func (c *counter) upTo(bin int) int { c.fill(); return int(c.to[bin+1]) }
func (c *counter) of(bin int) int   { c.fill(); return int(c.to[bin+1] - c.to[bin]) }

// maxOneVsRest is up to how many categories each is tried alone against the
// rest, as LightGBM does.
const maxOneVsRest = 4

// bestSet is the best split of the categories, missing among them, into two
// sets: sorted by gradient over Hessian, the best set is a run from one end
// (Fisher 1958; Ke et al. 2017).
func (s *search) bestSet(j int, c *cut, h *[256]sum, total sum, n int, rows *counter, floor float64) split {
	var bins []int
	for b := range c.bins + 1 {
		if h[b] != 0 {
			bins = append(bins, b)
		}
	}
	best := split{gain: floor}
	found, doubt := false, 0.0
	parent := s.score(total, s.l2)
	l2 := s.l2
	try := func(left sum, set []int) {
		right := total - left
		if left.hessian() < s.minHessian || right.hessian() < s.minHessian {
			return
		}
		gain := (s.score(left, l2) + s.score(right, l2) - parent) * s.unit
		if gain <= best.gain {
			return
		}
		if min(left.hessian(), right.hessian()) < s.certain {
			if rows == nil {
				doubt = max(doubt, gain)
				return
			}
			inSet := 0
			for _, b := range set {
				inSet += rows.of(b)
			}
			if inSet < s.minRows || n-inSet < s.minRows {
				return
			}
		}
		best, found = split{gain: gain, feature: j, edge: -1, sum: left, sets: len(bins) > maxOneVsRest}, true
		for _, b := range set {
			best.left.add(b)
		}
	}
	if len(bins) <= maxOneVsRest {
		for i, b := range bins {
			try(h[b], bins[i:i+1])
		}
	} else {
		l2 = s.l2Set
		var order [256]float64
		for _, b := range bins {
			order[b] = s.shrunk(h[b].gradient()) / (h[b].hessian() + s.smoothing)
		}
		slices.SortStableFunc(bins, func(a, b int) int { return cmp.Compare(order[a], order[b]) })
		for range 2 {
			// Edges stand at least minGroup rows apart, or a leaf of many small
			// categories would learn them by heart. Rows by their share of the
			// Hessian are near enough for that.
			var left, edge sum
			group := total.hessian() * min(1, float64(s.minGroup)/float64(n))
			for i := range min(len(bins)-1, s.maxSet) {
				left += h[bins[i]]
				if (left-edge).hessian() >= group && (total-left).hessian() >= group {
					edge = left
					try(left, bins[:i+1])
				}
			}
			slices.Reverse(bins)
		}
	}
	if !found {
		best = split{feature: j}
	}
	if doubt > best.gain {
		best.doubt = doubt
	}
	return best
}

package boost

import (
	"context"
	"math"
	"math/rand/v2"
)

// grower grows one tree after the other on the same bins. A leaf's rows lie in
// as many parts as there are threads, so that each thread partitions its own;
// as sums do not depend on order, neither does the tree.
type grower struct {
	Boost
	*team
	bins   *binned
	cuts   []cut
	search search

	all     []int32    // 0 to n-1
	rows    []int32    // the rows that the tree sees, part by part, leaf by leaf
	other   []int32    // scratch of a partition
	unseen  []int32    // rows that this tree does not see
	may     []bool     // by feature: this tree may use it
	found   [2][]split // by feature
	tree    []leaf
	free    []histogram
	partial []histogram // of each part
}

// leaf is a node of the tree that is growing; one with a child is a leaf no
// more.
type leaf struct {
	parts [][]int32 // its rows, in grower.rows
	n     int       // number of its rows
	depth int
	sum   sum
	sums  histogram // nil for a leaf that cannot be split
	split split
	ofSet bool // its parent was divided into sets of categories
	child int  // the left child; the right one is behind it; 0 for none
}

func newGrower(b Boost, t *team, bins *binned, cuts []cut) *grower {
	g := &grower{
		Boost: b, team: t, bins: bins, cuts: cuts, search: newSearch(&b, newScale(bins.n)),
		rows: make([]int32, 0, bins.n), other: make([]int32, bins.n),
	}
	for i := range bins.n {
		g.all = append(g.all, int32(i))
	}
	for side := range g.found {
		g.found[side] = make([]split, bins.features)
	}
	for range t.size {
		g.partial = append(g.partial, make(histogram, bins.features))
	}
	return g
}

// fewRows is how many rows one thread does alone: below it, sharing them costs
// more than it saves.
const fewRows = 2048

// grow makes the next tree: it splits the leaf with the largest gain until
// there are MaxLeaves or nothing is gained.
func (g *grower) grow(ctx context.Context, sums []sum, random *rand.Rand) error {
	g.sample(random)
	for i := range g.tree {
		g.release(g.tree[i].sums)
	}
	root := leaf{n: len(g.rows)}
	part := (len(g.rows) + g.size - 1) / g.size
	for from := 0; from < len(g.rows); from += part {
		root.parts = append(root.parts, g.rows[from:min(from+part, len(g.rows))])
	}
	g.tree = append(g.tree[:0], root)
	g.open(0, -1, nil, sums)
	for leaves := 1; leaves < g.MaxLeaves; leaves++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		best := -1
		for i := range g.tree {
			l := &g.tree[i]
			if l.child == 0 && l.split.gain > 0 && (best < 0 || l.split.gain > g.tree[best].split.gain) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		g.divide(best, sums, leaves+1 < g.MaxLeaves)
	}
	return nil
}

// sample draws the rows and features of the next tree.
func (g *grower) sample(random *rand.Rand) {
	n := g.bins.n
	g.rows = g.rows[:0]
	g.unseen = g.unseen[:0]
	if g.Subsample == 1 {
		g.rows = append(g.rows, g.all...)
	} else {
		take := max(1, int(g.Subsample*float64(n)))
		for i := range n { // Knuth's algorithm S: each set of that size alike, in ascending order
			if random.IntN(n-i) < take-len(g.rows) {
				g.rows = append(g.rows, int32(i))
			} else {
				g.unseen = append(g.unseen, int32(i))
			}
		}
	}
	f := len(g.cuts)
	g.may = append(g.may[:0], make([]bool, f)...)
	use := max(1, int(g.Colsample*float64(f)))
	for j := range f {
		if use == f-j || random.IntN(f-j) < use {
			g.may[j] = true
			use--
		}
	}
}

// divide splits leaf i into two.
func (g *grower) divide(i int, sums []sum, more bool) {
	left, right := g.partition(&g.tree[i])
	held := g.tree[i].sums
	g.tree[i].sums = nil
	a := len(g.tree)
	g.tree[i].child = a
	g.tree = append(g.tree, left, right)
	switch {
	case !more || g.MaxDepth > 0 && left.depth >= g.MaxDepth || max(left.n, right.n) < 2*g.MinLeafRows:
		g.release(held)
	case left.n <= right.n:
		g.open(a, a+1, held, sums)
	default:
		g.open(a+1, a, held, sums)
	}
}

// partition makes the two children of a leaf. The rows that go left come to
// the front of each part, both sides in order.
func (g *grower) partition(l *leaf) (left, right leaf) {
	sp := &l.split
	col := g.bins.col(sp.feature)
	var goes [256]int
	for b := range goes {
		goes[b] = int(sp.left[b/64] >> (b % 64) & 1)
	}
	sides := make([][]int32, 2*len(l.parts))
	lefts, rights := sides[:len(l.parts)], sides[len(l.parts):]
	g.doIf(l.n >= fewRows, len(l.parts), func(k int) {
		rows := l.parts[k]
		at := cap(g.rows) - cap(rows) // of its part in grower.rows
		other := g.other[at:][:len(rows)]
		i, o := 0, 0
		for _, r := range rows { // both are written, and one counts: a branch would be guessed wrong too often
			is := goes[col[r]]
			rows[i], other[o] = r, r
			i += is
			o += 1 - is
		}
		copy(rows[i:], other[:o])
		lefts[k], rights[k] = rows[:i], rows[i:]
	})
	left = leaf{parts: lefts, depth: l.depth + 1, sum: sp.sum, ofSet: sp.sets}
	right = leaf{parts: rights, depth: l.depth + 1, sum: l.sum - sp.sum, ofSet: sp.sets}
	for k := range lefts {
		left.n += len(lefts[k])
		right.n += len(rights[k])
	}
	return left, right
}

// open makes the histograms of leaf small from its rows and of leaf large, -1
// for none, as what is left of their parent's, and finds their best splits.
func (g *grower) open(small, large int, held histogram, sums []sum) {
	l := &g.tree[small]
	l.sums = g.take()
	parts := []histogram{l.sums}
	if l.n >= fewRows {
		parts = append(parts, g.partial[:len(l.parts)-1]...)
	}
	g.do(len(parts), func(k int) {
		h := parts[k]
		for j := range h {
			clear(h[j][:g.cuts[j].bins+1])
		}
		if len(parts) > 1 {
			h.add(g.bins, l.parts[k], sums)
			return
		}
		for _, rows := range l.parts {
			h.add(g.bins, rows, sums)
		}
	})
	if large >= 0 {
		g.tree[large].sums = held
	} else {
		for _, h := range parts {
			for _, s := range h[0][:g.cuts[0].bins+1] {
				l.sum += s
			}
		}
	}
	const together = 4
	f := len(g.cuts)
	g.do((f+together-1)/together, func(k int) {
		for j := k * together; j < min(f, (k+1)*together); j++ {
			h := &l.sums[j]
			bins := g.cuts[j].bins + 1
			for _, part := range parts[1:] {
				for b, s := range part[j][:bins] {
					h[b] += s
				}
			}
			g.find(l, j, &g.found[0][j])
			if large < 0 {
				continue
			}
			rest := &held[j]
			for b, s := range h[:bins] {
				rest[b] -= s
			}
			g.find(&g.tree[large], j, &g.found[1][j])
		}
	})
	g.choose(l, g.found[0])
	if large >= 0 {
		g.choose(&g.tree[large], g.found[1])
	}
}

// find searches the best split of a leaf by feature j.
func (g *grower) find(l *leaf, j int, to *split) {
	*to = split{}
	if l.n >= 2*g.MinLeafRows && g.may[j] {
		*to = g.search.best(j, &g.cuts[j], &l.sums[j], l.sum, l.n, nil, 0)
	}
}

// choose takes the best of a leaf's splits. Only where one that may leave a
// side with too few rows would be better are rows counted: that is seldom.
func (g *grower) choose(l *leaf, found []split) {
	for j := range found {
		if found[j].gain > l.split.gain {
			l.split = found[j]
		}
	}
	for j := range found {
		if found[j].doubt > l.split.gain {
			rows := counter{col: g.bins.col(j), rows: l.parts, n: l.n}
			if s := g.search.best(j, &g.cuts[j], &l.sums[j], l.sum, l.n, &rows, l.split.gain); s.gain > l.split.gain {
				l.split = s
			}
		}
	}
	if l.split.gain == 0 { // it stays a leaf
		g.release(l.sums)
		l.sums = nil
	}
}

func (g *grower) doIf(many bool, n int, task func(i int)) {
	if many {
		g.do(n, task)
		return
	}
	for i := range n {
		task(i)
	}
}

func (g *grower) take() histogram {
	if k := len(g.free) - 1; k >= 0 {
		h := g.free[k]
		g.free = g.free[:k]
		return h
	}
	return make(histogram, g.bins.features)
}

func (g *grower) release(h histogram) {
	if h != nil {
		g.free = append(g.free, h)
	}
}

// answer adds the tree's answers to the scores of all rows.
func (g *grower) answer(scores []float64) {
	g.do(g.size, func(k int) {
		for i := range g.tree {
			l := &g.tree[i]
			if l.child != 0 || k >= len(l.parts) {
				continue
			}
			v := g.search.value(l.sum, l.ofSet)
			for _, r := range l.parts[k] {
				scores[r] += v
			}
		}
	})
	for _, r := range g.unseen {
		scores[r] += g.leafOf(g.bins, r)
	}
}

// leafOf is the tree's answer for row r of some bins.
func (g *grower) leafOf(b *binned, r int32) float64 {
	l := &g.tree[0]
	for l.child != 0 {
		next := l.child + 1
		if l.split.left.has(b.cols[l.split.feature*b.n+int(r)]) {
			next = l.child
		}
		l = &g.tree[next]
	}
	return g.search.value(l.sum, l.ofSet)
}

// write appends the tree to the model.
func (g *grower) write(m *Model) {
	root := len(m.nodes)
	m.trees = append(m.trees, int32(root))
	for i := range g.tree {
		l := &g.tree[i]
		if l.child == 0 {
			m.addLeaf(g.search.value(l.sum, l.ofSet))
			continue
		}
		sp := &l.split
		c := &g.cuts[sp.feature]
		m.gains[sp.feature] += sp.gain
		n := node{child: int32(root + l.child), feature: uint16(sp.feature), at: math.MaxFloat64}
		if !sp.left.has(uint8(c.bins)) {
			n.missing = 1
		}
		if c.codes != nil {
			words := make([]uint64, (len(c.codes)+63)/64)
			for code, b := range c.codes {
				if sp.left.has(b) {
					words[code/64] |= 1 << (code % 64)
				}
			}
			n.kind, n.at = byCategory, setAt(len(m.sets), len(words))
			m.sets = append(m.sets, words...)
		} else if sp.edge < len(c.edges) {
			n.at = c.edges[sp.edge]
		}
		m.addTest(n)
	}
}

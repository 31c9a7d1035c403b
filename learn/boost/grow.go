package boost

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// grower grows one tree after the other on the same bins.
type grower struct {
	Boost
	bins   *binned
	cuts   []cut
	search search

	rows     []int32 // the rows that the tree sees, leaf by leaf
	other    []int32 // scratch of a partition
	left     []int32 // rows that this tree does not see
	features []int   // that this tree may use
	tree     []leaf
	free     []histogram
}

// leaf is a node of the tree that is growing; one with a child is a leaf no
// more.
type leaf struct {
	from, to int // its rows in grower.rows
	depth    int
	sum      sum
	sums     histogram // nil for a leaf that cannot be split
	split    split
	child    int // the left child; the right one is behind it; 0 for none
}

func newGrower(b Boost, bins *binned, cuts []cut) *grower {
	return &grower{
		Boost: b, bins: bins, cuts: cuts, search: newSearch(&b, newScale(bins.n)),
		rows: make([]int32, bins.n), other: make([]int32, bins.n),
	}
}

// grow makes the next tree: it splits the leaf with the largest gain until
// there are MaxLeaves or nothing is gained.
func (g *grower) grow(ctx context.Context, sums []sum, random *rand.Rand) error {
	g.sample(random)
	for _, l := range g.tree {
		g.release(l.sums)
	}
	var total sum
	for _, r := range g.rows {
		total += sums[r]
	}
	g.tree = append(g.tree[:0], leaf{to: len(g.rows), sum: total})
	g.fill(0, sums)
	g.find(0)
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
	g.left = g.left[:0]
	take := n
	if g.Subsample < 1 {
		take = max(1, int(g.Subsample*float64(n)))
	}
	for i := range n { // Knuth's algorithm S: each set of that size alike, in ascending order
		if take == n || random.IntN(n-i) < take-len(g.rows) {
			g.rows = append(g.rows, int32(i))
		} else {
			g.left = append(g.left, int32(i))
		}
	}
	g.features = g.features[:0]
	for j := range g.cuts {
		g.features = append(g.features, j)
	}
	if g.Colsample < 1 {
		random.Shuffle(len(g.features), func(i, j int) { g.features[i], g.features[j] = g.features[j], g.features[i] })
		g.features = g.features[:max(1, int(g.Colsample*float64(len(g.features))))]
		slices.Sort(g.features)
	}
}

// divide splits leaf i into two.
func (g *grower) divide(i int, sums []sum, more bool) {
	parent := &g.tree[i]
	sp := &parent.split
	mid := g.partition(parent.from, parent.to, g.bins.col(sp.feature), &sp.left)
	a, b := len(g.tree), len(g.tree)+1
	parent.child = a
	depth := parent.depth + 1
	left := leaf{from: parent.from, to: mid, depth: depth, sum: sp.sum}
	right := leaf{from: mid, to: parent.to, depth: depth, sum: parent.sum - sp.sum}
	held := parent.sums
	parent.sums = nil
	g.tree = append(g.tree, left, right)
	if !more || g.MaxDepth > 0 && depth >= g.MaxDepth {
		g.release(held)
		return
	}
	small, large := a, b
	if right.to-right.from < left.to-left.from {
		small, large = b, a
	}
	g.fill(small, sums)
	parallel(len(held), func(j int) { held.subtract(g.tree[small].sums, j, j+1) })
	g.tree[large].sums = held
	g.find(a)
	g.find(b)
}

// partition brings the rows that go left to the front, both sides in order.
func (g *grower) partition(from, to int, col []uint8, left *[256]bool) int {
	rows, other := g.rows[from:to], g.other[:0]
	at := 0
	for _, r := range rows {
		if left[col[r]] {
			rows[at] = r
			at++
		} else {
			other = append(other, r)
		}
	}
	copy(rows[at:], other)
	return from + at
}

// fill makes the histogram of leaf i from its rows.
func (g *grower) fill(i int, sums []sum) {
	l := &g.tree[i]
	l.sums = g.take()
	const width = 8
	f := g.bins.features
	parallel((f+width-1)/width, func(k int) {
		from, to := k*width, min(f, (k+1)*width)
		clear(l.sums[from:to])
		l.sums.add(g.bins, g.rows[l.from:l.to], sums, from, to)
	})
}

// find searches the best split of leaf i.
func (g *grower) find(i int) {
	l := &g.tree[i]
	rows := g.rows[l.from:l.to]
	if len(rows) < 2*g.MinLeafRows {
		return
	}
	found := make([]split, len(g.features))
	parallel(len(found), func(k int) {
		j := g.features[k]
		found[k] = g.search.best(j, &g.cuts[j], &l.sums[j], l.sum, g.bins.col(j), rows)
	})
	for k := range found {
		if found[k].gain > l.split.gain {
			l.split = found[k]
		}
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
	parallel(len(g.tree), func(i int) {
		l := &g.tree[i]
		if l.child == 0 {
			v := g.search.value(l.sum)
			for _, r := range g.rows[l.from:l.to] {
				scores[r] += v
			}
		}
	})
	for _, r := range g.left {
		scores[r] += g.leafOf(g.bins, r)
	}
}

// leafOf is the tree's answer for row r of some bins.
func (g *grower) leafOf(b *binned, r int32) float64 {
	l := &g.tree[0]
	for l.child != 0 {
		next := l.child + 1
		if l.split.left[b.rows[int(r)*b.features+l.split.feature]] {
			next = l.child
		}
		l = &g.tree[next]
	}
	return g.search.value(l.sum)
}

// write appends the tree to the model.
func (g *grower) write(m *Model) {
	root := len(m.nodes)
	m.trees = append(m.trees, int32(root))
	for i := range g.tree {
		l := &g.tree[i]
		if l.child == 0 {
			m.nodes = append(m.nodes, node{at: g.search.value(l.sum)})
			continue
		}
		sp := &l.split
		c := &g.cuts[sp.feature]
		m.gains[sp.feature] += sp.gain
		n := node{child: int32(root + l.child), feature: uint16(sp.feature)}
		if !sp.left[c.bins] {
			n.missing = 1
		}
		if c.codes == nil {
			n.at = math.MaxFloat64
			if sp.edge < len(c.edges) {
				n.at = c.edges[sp.edge]
			}
		} else {
			n.set = int32(len(m.sets))
			n.words = uint16((len(c.codes) + 63) / 64)
			set := make([]uint64, n.words)
			for code, b := range c.codes {
				if sp.left[b] {
					set[code/64] |= 1 << (code % 64)
				}
			}
			m.sets = append(m.sets, set...)
		}
		m.nodes = append(m.nodes, n)
	}
}

// truncate keeps the first trees only.
func (m *Model) truncate(trees int) {
	if trees < len(m.trees) {
		m.nodes = m.nodes[:m.trees[trees]]
		m.trees = m.trees[:trees]
	}
}

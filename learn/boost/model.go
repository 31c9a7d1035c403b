package boost

import (
	"fmt"
	"math"

	"github.com/pluvia-ml/pluvia/internal/parallel"
	"github.com/pluvia-ml/pluvia/table"
)

// Model is a fitted ensemble of trees. It is safe for concurrent use.
type Model struct {
	features []string
	start    float64 // log odds before the first tree
	trees    []int32 // the root of each tree in nodes
	nodes    []node
	answers  []float64 // by node: of a leaf in log odds, learning rate included; else 0
	sets     []uint64  // sets of categories, for the nodes that part them
	gains    []float64
}

// node is a test of one feature, or a leaf, in 16 bytes. Its children stand
// side by side. A leaf is its own left child and sends every number there, so
// that several rows can walk in step though some have arrived.
type node struct {
	at      float64 // number: left is x <= at. category: its set, see inSet. leaf: infinity
	child   int32   // left child; the right one is behind it
	feature uint16
	kind    uint8
	missing uint8 // 0: a missing value goes left, 1: right
}

const (
	byNumber uint8 = iota
	byCategory
	isLeaf
)

// next is the child of node i to which x leads, in a model without categories.
// It has no branches: which way a row goes is what a processor cannot guess.
func next(n *node, x float64) int32 {
	var above, missing int32
	if x > n.at {
		above = 1
	}
	if x != x {
		missing = int32(n.missing)
	}
	return n.child + (above | missing)
}

// nextOf is the same in any model.
func (m *Model) nextOf(n *node, x float64) int32 {
	if n.kind != byCategory {
		return next(n, x)
	}
	from, words := n.set()
	if !(x >= 0 && x < float64(words)*64) {
		return n.child + int32(n.missing)
	}
	code := uint(x)
	return n.child + int32(1-m.sets[from+code/64]>>(code%64)&1)
}

// set is where the words of a node's set of categories are in Model.sets:
// code c goes left if bit c%64 of word c/64 is set.
func (n *node) set() (from, words uint) {
	bits := math.Float64bits(n.at)
	return uint(bits >> 32), uint(uint32(bits))
}

func setAt(from, words int) float64 {
	return math.Float64frombits(uint64(from)<<32 | uint64(words))
}

// Trees is the number of trees.
func (m *Model) Trees() int { return len(m.trees) }

// Features are the names of the columns that the model was fitted on.
func (m *Model) Features() []string { return m.features }

// Importance is the gain of the splits by each feature as a share of all.
func (m *Model) Importance() []float64 {
	out := make([]float64, len(m.gains))
	total := 0.0
	for _, g := range m.gains {
		total += g
	}
	if total > 0 {
		for j, g := range m.gains {
			out[j] = g / total
		}
	}
	return out
}

// Probability is the probability of the positive class for one row; see
// learn.Model. A category that the model has not seen counts as missing. It panics if row is not as long as Features.
func (m *Model) Probability(row []float64) float64 {
	if len(row) != len(m.features) {
		panic(fmt.Sprintf("boost: a row of %d values for a model of %d features", len(row), len(m.features)))
	}
	score := m.start
	trees := m.trees
	if m.sets == nil {
		for ; len(trees) >= 4; trees = trees[4:] {
			a, b, c, d := walk(m.nodes, trees[0], trees[1], trees[2], trees[3], row, row, row, row)
			score += m.answers[a]
			score += m.answers[b]
			score += m.answers[c]
			score += m.answers[d]
		}
	}
	for _, at := range trees {
		for m.nodes[at].kind != isLeaf {
			n := &m.nodes[at]
			at = m.nextOf(n, row[n.feature])
		}
		score += m.answers[at]
	}
	return sigmoid(score)
}

// Probabilities is the same for each row of a table; see learn.Model. It
// panics if x does not have a column for each feature.
func (m *Model) Probabilities(dst []float64, x *table.Table) []float64 {
	if dst == nil {
		dst = make([]float64, x.Rows())
	}
	if len(dst) != x.Rows() {
		panic(fmt.Sprintf("boost: %d places for the probabilities of %d rows", len(dst), x.Rows()))
	}
	if len(x.Columns()) != len(m.features) {
		panic(fmt.Sprintf("boost: %d columns for a model of %d features", len(x.Columns()), len(m.features)))
	}
	const block = 128 // rows, whose values stay in the nearest cache while all trees pass over them
	parallel.For((len(dst)+block-1)/block, func(k int) {
		from, to := k*block, min(len(dst), (k+1)*block)
		width := len(m.features)
		rows := make([]float64, (to-from)*width)
		for j, c := range x.Columns() {
			if c.Kind == table.Number {
				for i, v := range c.Numbers[from:to] {
					rows[i*width+j] = v
				}
				continue
			}
			for i := from; i < to; i++ {
				rows[(i-from)*width+j] = c.Float(i)
			}
		}
		m.scores(dst[from:to], rows)
		for i := from; i < to; i++ {
			dst[i] = sigmoid(dst[i])
		}
	})
	return dst
}

// walk is the leaves where four rows arrive from four nodes, in a model without
// categories. They walk in step, so that one waits for memory while the others go on.
func walk(nodes []node, a, b, c, d int32, r0, r1, r2, r3 []float64) (la, lb, lc, ld int32) {
	for {
		na, nb, nc, nd := &nodes[a], &nodes[b], &nodes[c], &nodes[d]
		if na.kind&nb.kind&nc.kind&nd.kind != 0 { // without categories: all are leaves
			return a, b, c, d
		}
		a, b = next(na, r0[na.feature]), next(nb, r1[nb.feature])
		c, d = next(nc, r2[nc.feature]), next(nd, r3[nd.feature])
	}
}

// scores writes the log odds of each of the rows, tree by tree, four rows at once.
func (m *Model) scores(dst, rows []float64) {
	for i := range dst {
		dst[i] = m.start
	}
	width := len(m.features)
	nodes := m.nodes
	plain := m.sets == nil
	for _, root := range m.trees {
		i := 0
		for ; plain && i+4 <= len(dst); i += 4 {
			r := rows[i*width:][:4*width]
			r0, r1, r2, r3 := r[:width], r[width:][:width], r[2*width:][:width], r[3*width:][:width]
			a, b, c, d := walk(nodes, root, root, root, root, r0, r1, r2, r3)
			dst[i] += m.answers[a]
			dst[i+1] += m.answers[b]
			dst[i+2] += m.answers[c]
			dst[i+3] += m.answers[d]
		}
		for ; i < len(dst); i++ {
			row := rows[i*width:][:width]
			at := root
			for nodes[at].kind != isLeaf {
				n := &nodes[at]
				at = m.nextOf(n, row[n.feature])
			}
			dst[i] += m.answers[at]
		}
	}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// addLeaf appends a leaf.
func (m *Model) addLeaf(answer float64) {
	m.nodes = append(m.nodes, node{at: math.Inf(1), child: int32(len(m.nodes)), kind: isLeaf})
	m.answers = append(m.answers, answer)
}

// addTest appends a node with children.
func (m *Model) addTest(n node) {
	m.nodes = append(m.nodes, n)
	m.answers = append(m.answers, 0)
}

// truncate keeps the first trees only.
func (m *Model) truncate(trees int) {
	if trees < len(m.trees) {
		m.nodes = m.nodes[:m.trees[trees]]
		m.answers = m.answers[:m.trees[trees]]
		m.trees = m.trees[:trees]
	}
}

package boost

import (
	"fmt"
	"math"

	"github.com/pluvia-ml/pluvia/table"
)

// Model is a fitted ensemble of trees. It is safe for concurrent use.
type Model struct {
	features []string
	start    float64 // log odds before the first tree
	trees    []int32 // the root of each tree in nodes
	nodes    []node
	sets     []uint64 // sets of categories, for the nodes that part them
	gains    []float64
}

// node is a test of one feature, or a leaf. Its children stand side by side.
type node struct {
	at      float64 // number: left is x <= at; leaf: the answer in log odds
	child   int32   // left child; the right one is behind it. Leaf: 0
	set     int32   // category: where its set begins in sets
	feature uint16
	words   uint16 // category: length of its set in words of 64 codes; 0 for a number
	missing uint8  // 0: a missing value goes left, 1: right
}

// right is 1 if x goes to the right child and 0 if to the left one.
func (m *Model) right(n *node, x float64) int32 {
	if n.words > 0 {
		if !(x >= 0 && x < float64(n.words)*64) {
			return int32(n.missing)
		}
		code := uint(x)
		return int32(1 - m.sets[n.set+int32(code/64)]>>(code%64)&1)
	}
	if math.IsNaN(x) {
		return int32(n.missing)
	}
	if x > n.at {
		return 1
	}
	return 0
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
	for _, root := range m.trees {
		n := &m.nodes[root]
		for n.child != 0 {
			n = &m.nodes[n.child+m.right(n, row[n.feature])]
		}
		score += n.at
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
	const block = 256
	parallel((len(dst)+block-1)/block, func(k int) {
		from, to := k*block, min(len(dst), (k+1)*block)
		width := len(m.features)
		rows := make([]float64, (to-from)*width)
		for j, c := range x.Columns() {
			for i := from; i < to; i++ {
				rows[(i-from)*width+j] = c.Float(i)
			}
		}
		for i := from; i < to; i++ {
			dst[i] = m.Probability(rows[(i-from)*width : (i-from+1)*width])
		}
	})
	return dst
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

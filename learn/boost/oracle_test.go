package boost

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/table"
)

// oracle is boosting as it stands in the books, for numbers only: floats, a
// scan of all the rows of a leaf for every edge of every feature, no
// histograms, no threads. It returns each tree as text and the log odds.
func oracle(b Boost, x *table.Table, y []bool, cuts []cut) (trees []string, scores []float64) {
	n := len(y)
	positive := float64(count(y))
	scores = filled(n, math.Log(positive/(float64(n)-positive)))
	for range b.Trees {
		g, h := make([]float64, n), make([]float64, n)
		for i, z := range scores {
			p := sigmoid(z)
			g[i], h[i] = p, p*(1-p)
			if y[i] {
				g[i] = p - 1
			}
		}
		type oracleLeaf struct {
			rows        []int
			depth       int
			left, right []int
			gain        float64
			name        string // of the split
			children    [2]int
		}
		score := func(rows []int) (float64, float64) {
			var gs, hs float64
			for _, r := range rows {
				gs += g[r]
				hs += h[r]
			}
			gs = math.Copysign(max(0, math.Abs(gs)-b.L1), gs)
			return gs * gs / (hs + b.L2), hs
		}
		open := func(rows []int, depth int) oracleLeaf {
			l := oracleLeaf{rows: rows, depth: depth}
			if b.MaxDepth > 0 && depth >= b.MaxDepth {
				return l
			}
			parent, _ := score(rows)
			for j, c := range x.Columns() {
				for _, missingLeft := range []bool{false, true} {
					for e := range cuts[j].bins {
						edge := math.Inf(1)
						if e < len(cuts[j].edges) {
							edge = cuts[j].edges[e]
						}
						var left, right []int
						for _, r := range rows {
							if v := c.Numbers[r]; v <= edge || v != v && missingLeft {
								left = append(left, r)
							} else {
								right = append(right, r)
							}
						}
						if len(left) < b.MinLeafRows || len(right) < b.MinLeafRows {
							continue
						}
						ls, lh := score(left)
						rs, rh := score(right)
						if lh < b.MinLeafHessian || rh < b.MinLeafHessian {
							continue
						}
						// 1e-9: the same division in two ways is no gain.
						if gain := ls + rs - parent; gain > l.gain+1e-9 {
							l.gain, l.left, l.right, l.name = gain, left, right, fmt.Sprintf("%d<=%.4g", j, edge)
						}
					}
				}
			}
			return l
		}
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		tree := []oracleLeaf{open(all, 0)}
		for leaves := 1; leaves < b.MaxLeaves; leaves++ {
			best := -1
			for i, l := range tree {
				if l.children[0] == 0 && l.gain > 0 && (best < 0 || l.gain > tree[best].gain) {
					best = i
				}
			}
			if best < 0 {
				break
			}
			tree[best].children = [2]int{len(tree), len(tree) + 1}
			l := tree[best]
			tree = append(tree, open(l.left, l.depth+1), open(l.right, l.depth+1))
		}
		var text strings.Builder
		for _, l := range tree {
			if l.children[0] != 0 {
				fmt.Fprintf(&text, "%s(%d,%d) ", l.name, len(l.left), len(l.right))
				continue
			}
			var gs, hs float64
			for _, r := range l.rows {
				gs += g[r]
				hs += h[r]
			}
			gs = math.Copysign(max(0, math.Abs(gs)-b.L1), gs)
			for _, r := range l.rows {
				scores[r] -= b.LearningRate * gs / (hs + b.L2)
			}
			text.WriteString("leaf ")
		}
		trees = append(trees, text.String())
	}
	return trees, scores
}

// walked is tree t of a model as text, in the oracle's manner.
func walked(m *Model, t int, x *table.Table) string {
	from, to := int(m.trees[t]), len(m.nodes)
	if t+1 < len(m.trees) {
		to = int(m.trees[t+1])
	}
	passed := make([]int, to)
	for i := range x.Rows() {
		at := m.trees[t]
		passed[at]++
		for m.nodes[at].kind != isLeaf {
			n := &m.nodes[at]
			at = m.nextOf(n, x.Columns()[n.feature].Float(i))
			passed[at]++
		}
	}
	var text strings.Builder
	for i := from; i < to; i++ {
		n := &m.nodes[i]
		if n.kind == isLeaf {
			text.WriteString("leaf ")
			continue
		}
		edge := n.at
		if edge == math.MaxFloat64 {
			edge = math.Inf(1)
		}
		fmt.Fprintf(&text, "%d<=%.4g(%d,%d) ", n.feature, edge, passed[n.child], passed[n.child+1])
	}
	return text.String()
}

func TestAgainstOracle(t *testing.T) {
	t.Parallel()
	base := Default()
	base.Trees, base.MaxLeaves, base.MaxBins = 6, 12, 30
	for name, change := range map[string]func(*Boost){
		"default":     func(b *Boost) {},
		"regularised": func(b *Boost) { b.L1, b.L2 = 2, 3 },
		"shallow":     func(b *Boost) { b.MaxDepth = 2 },
		"hessian":     func(b *Boost) { b.MinLeafHessian, b.MinLeafRows = 15, 1 },
		"few rows":    func(b *Boost) { b.MinLeafRows = 3 },
		"many rows":   func(b *Boost) { b.MinLeafRows = 90 },
		"fast":        func(b *Boost) { b.LearningRate, b.Trees = 0.8, 12 },
	} {
		for _, n := range []int{60, 300, 1500} {
			b := base
			change(&b)
			data := made(n, uint64(n))
			x := data.X.Without("d")
			m := fitted(t, b, learn.Train{X: x, Y: data.Y})
			cuts := make([]cut, len(x.Columns()))
			for j, c := range x.Columns() {
				cuts[j] = cutNumbers(context.Background(), make([]uint8, n), c.Numbers, b.MaxBins)
			}
			trees, scores := oracle(b, x, data.Y, cuts)
			for k := range m.trees {
				if got := walked(m, k, x); got != trees[k] {
					t.Errorf("%s, %d rows, tree %d:\n%s\nthe oracle has\n%s", name, n, k, got, trees[k])
					break
				}
			}
			for i, p := range m.Probabilities(nil, x) {
				if math.Abs(p-sigmoid(scores[i])) > 1e-5 {
					t.Errorf("%s, %d rows: probability %v, the oracle has %v", name, n, p, sigmoid(scores[i]))
					break
				}
			}
		}
	}
}

// TestCategoriesAgainstAllSets compares the split of categories with the best
// of all their divisions in two.
func TestCategoriesAgainstAllSets(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		data := made(400, seed)
		x, err := data.X.Select("d")
		if err != nil {
			t.Fatal(err)
		}
		b := Default()
		b.Trees, b.MaxLeaves, b.MinLeafRows, b.CategorySmoothing, b.CategoryL2, b.MinGroupRows = 1, 2, 1, 0, 0, 0
		m := fitted(t, b, learn.Train{X: x, Y: data.Y})
		var g, h [10]float64
		p := sigmoid(m.start)
		for i, code := range x.Columns()[0].Codes {
			g[code+1] += p
			h[code+1] += p * (1 - p)
			if data.Y[i] {
				g[code+1]--
			}
		}
		best := 0.0
		for set := range 1 << 10 {
			var gs, hs [2]float64
			for c := range g {
				gs[set>>c&1] += g[c]
				hs[set>>c&1] += h[c]
			}
			if hs[0] > 0 && hs[1] > 0 {
				best = max(best, gs[0]*gs[0]/hs[0]+gs[1]*gs[1]/hs[1])
			}
		}
		total := 0.0
		for c := range g {
			total += g[c]
		}
		if got := m.gains[0]; math.Abs(got-best) > 1e-3*best+total*total {
			t.Errorf("seed %d: gain %v, the best of all sets has %v", seed, got, best)
		}
	}
}

// TestLeafRows: no leaf has fewer rows than it must, though rows are mostly not counted.
func TestLeafRows(t *testing.T) {
	t.Parallel()
	data := made(3000, 3)
	b := Default()
	b.MinLeafRows, b.Trees, b.LearningRate = 37, 40, 0.5
	m := fitted(t, b, learn.Train{X: data.X, Y: data.Y})
	for k := range m.trees {
		passed := make([]int, len(m.nodes))
		for i := range data.Y {
			at := m.trees[k]
			for m.nodes[at].kind != isLeaf {
				n := &m.nodes[at]
				at = m.nextOf(n, data.X.Columns()[n.feature].Float(i))
			}
			passed[at]++
		}
		passed = slices.DeleteFunc(passed, func(n int) bool { return n == 0 })
		if least := slices.Min(passed); least < 37 {
			t.Fatalf("tree %d has a leaf of %d rows", k, least)
		}
	}
}

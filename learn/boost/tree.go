package boost

import "github.com/pluvia-ml/pluvia/learn"

// Start is the log odds before the first tree.
func (m *Model) Start() float64 { return m.start }

// Tree is tree i, counted from 0, as a value. Answers are log odds, learning
// rate included.
func (m *Model) Tree(i int) learn.Tree {
	var t learn.Tree
	var add func(at int32) int
	add = func(at int32) int {
		n := &m.nodes[at]
		here := len(t.Nodes)
		if n.kind == isLeaf {
			t.Nodes = append(t.Nodes, learn.TreeNode{Leaf: true, Answer: m.answers[at]})
			return here
		}
		out := learn.TreeNode{Feature: int(n.feature), MissingLeft: n.missing == 0}
		if n.kind == byCategory {
			from, words := n.set()
			out.Category, out.Known = true, int(words)*64
			for code := range out.Known {
				if m.sets[int(from)+code/64]>>(code%64)&1 == 1 {
					out.Codes = append(out.Codes, code)
				}
			}
		} else {
			out.Threshold = n.at
		}
		t.Nodes = append(t.Nodes, out)
		left := add(n.child)
		right := add(n.child + 1)
		t.Nodes[here].Left, t.Nodes[here].Right = left, right
		return here
	}
	add(m.trees[i])
	return t
}

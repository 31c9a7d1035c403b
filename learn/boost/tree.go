package boost

// Tree is one tree of a model as a value, for whoever writes it in another
// form. Nodes[0] is the root; the tree is a leaf alone when it is the only one.
type Tree struct{ Nodes []Node }

// Node is a leaf, or a test that sends a row to its Left or Right child.
type Node struct {
	Leaf        bool
	Answer      float64 // of a leaf: log odds, learning rate included
	Feature     int     // index into Model.Features
	Category    bool    // the test is of a category: left is a code in Codes
	Threshold   float64 // of a number: left is x <= Threshold
	Codes       []int   // in rising order
	MissingLeft bool    // where a missing value goes, and a code from Known on
	Known       int     // codes below it are known to the test
	Left, Right int     // indices into Nodes
}

// Start is the log odds before the first tree.
func (m *Model) Start() float64 { return m.start }

// Tree is tree i, counted from 0. It is a copy.
func (m *Model) Tree(i int) Tree {
	var t Tree
	var add func(at int32) int
	add = func(at int32) int {
		n := &m.nodes[at]
		here := len(t.Nodes)
		if n.kind == isLeaf {
			t.Nodes = append(t.Nodes, Node{Leaf: true, Answer: m.answers[at]})
			return here
		}
		out := Node{Feature: int(n.feature), MissingLeft: n.missing == 0}
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

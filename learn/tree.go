package learn

// Tree is a fitted decision tree as a value, for whoever writes it in another
// form or draws it. Nodes[0] is the root.
type Tree struct{ Nodes []TreeNode }

// TreeNode is a leaf, or a test that sends a row to its Left or Right child.
type TreeNode struct {
	Leaf        bool
	Answer      float64 // of a leaf: what the tree adds, see the model that it belongs to
	Feature     int     // position among the columns that the model was fitted on
	Category    bool    // the test is of a category: left is a code in Codes
	Threshold   float64 // of a number: left is x <= Threshold
	Codes       []int   // in rising order
	Known       int     // codes below it are known to the test; others count as missing
	MissingLeft bool    // where a missing value goes
	Left, Right int     // positions in Nodes
}

// Next is the child to which the value x of the node's feature leads.
func (n *TreeNode) Next(x float64) int {
	left := x <= n.Threshold
	switch {
	case x != x, n.Category && !(x >= 0 && x < float64(n.Known)):
		left = n.MissingLeft
	case n.Category:
		left = false
		for _, code := range n.Codes {
			left = left || code == int(x)
		}
	}
	if left {
		return n.Left
	}
	return n.Right
}

// Answer is the answer of the leaf that a row falls into.
func (t Tree) Answer(row []float64) float64 {
	at := 0
	for !t.Nodes[at].Leaf {
		at = t.Nodes[at].Next(row[t.Nodes[at].Feature])
	}
	return t.Nodes[at].Answer
}

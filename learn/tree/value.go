package tree

import "github.com/pluvia-ml/pluvia/learn"

// Tree is the tree as a value. Answers are probabilities.
func (m *Model) Tree() learn.Tree {
	t := learn.Tree{Nodes: make([]learn.TreeNode, len(m.nodes))}
	for i := range m.nodes {
		n, out := &m.nodes[i], &t.Nodes[i]
		if n.split == leaf {
			out.Leaf, out.Answer = true, n.value
			continue
		}
		out.Feature, out.MissingLeft, out.Threshold = n.feature(), n.is(missingLeft), n.value
		out.Left, out.Right = int(n.left), int(n.left)+1
		if n.is(byCategory) {
			set := &m.sets[int(n.value)]
			out.Category, out.Threshold, out.Known, out.MissingLeft = true, 0, missing, set.has(missing)
			for code := range missing {
				if set.has(uint8(code)) {
					out.Codes = append(out.Codes, code)
				}
			}
		}
	}
	return t
}

// Tree is tree i, counted from 0, as a value. Answers are probabilities, of
// which the forest takes the mean.
func (m *ForestModel) Tree(i int) learn.Tree { return m.trees[i].Tree() }

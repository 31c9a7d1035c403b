package modelfile

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/boost"
	"github.com/pluvia-ml/pluvia/learn/tree"
	"github.com/pluvia-ml/pluvia/table"
)

// LightGBM writes a model of trees in LightGBM's text format, version 4, so that
// LightGBM gives its probabilities. A row there is the features behind the
// recipe: numbers, codes of categories, NaN for missing. ok is false for a
// family without trees.
//
// LightGBM sends a missing or unknown category right, so a test that sends it
// left here is written with its two sides exchanged.
func (m *Model) LightGBM(w io.Writer) (ok bool, err error) {
	e, ok := ensembleOf(m.Classifier)
	if !ok {
		return false, nil
	}
	features := m.Features()
	out := bufio.NewWriter(w)
	names, infos := make([]string, len(features)), make([]string, len(features))
	for i, f := range features {
		names[i] = lightGBMName(f.Name)
		infos[i] = "[-1e+300:1e+300]"
		if f.Type.Kind() == table.Category {
			codes := make([]int, len(f.Categories))
			for code := range codes {
				codes[code] = code
			}
			infos[i] = joined(codes, ":")
		}
	}
	fmt.Fprintf(out, "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=%d\nobjective=%s\nfeature_names=%s\nfeature_infos=%s\n\n",
		len(features)-1, e.objective, strings.Join(names, " "), strings.Join(infos, " "))
	for i := range e.trees {
		add := 0.0
		if i == 0 {
			add = e.start // LightGBM has no start of its own
		}
		writeLightGBMTree(out, i, e.tree(i), e.scale, add)
	}
	fmt.Fprint(out, "end of trees\n\npandas_categorical:null\n")
	return true, out.Flush()
}

// ensemble is a sum of trees, behind a sigmoid or not.
type ensemble struct {
	trees        int
	tree         func(i int) learn.Tree
	start, scale float64
	objective    string
}

func ensembleOf(m learn.Model) (ensemble, bool) {
	switch m := m.(type) {
	case *boost.Model:
		return ensemble{m.Trees(), m.Tree, m.Start(), 1, "binary sigmoid:1"}, true
	case *tree.ForestModel:
		return ensemble{m.Trees(), m.Tree, 0, 1 / float64(m.Trees()), "regression"}, true
	case *tree.Model:
		return ensemble{1, func(int) learn.Tree { return m.Tree() }, 0, 1, "regression"}, true
	default:
		return ensemble{}, false
	}
}

// lightGBMTree is a tree in LightGBM's columns: tests and leaves are numbered
// apart, and a child that is leaf k is written as -k-1.
type lightGBMTree struct {
	scale, add                     float64 // of the answers
	feature, left, right, decision []int
	threshold, leaf                []float64
	boundaries                     []int    // where each set begins in words
	words                          []uint32 // sets of categories that go left
}

// Bits of decision_type.
const (
	lightGBMCategory    = 1
	lightGBMMissingLeft = 2
	lightGBMMissingNaN  = 2 << 2
)

func writeLightGBMTree(out io.Writer, number int, tree learn.Tree, scale, add float64) {
	t := lightGBMTree{scale: scale, add: add, boundaries: []int{0}}
	t.put(tree.Nodes, 0)
	fmt.Fprintf(out, "Tree=%d\nnum_leaves=%d\nnum_cat=%d\n", number, len(t.leaf), len(t.boundaries)-1)
	if len(t.feature) > 0 {
		fmt.Fprintf(out, "split_feature=%s\nsplit_gain=%s\nthreshold=%s\ndecision_type=%s\nleft_child=%s\nright_child=%s\n",
			joined(t.feature, " "), joined(make([]int, len(t.feature)), " "), floats(t.threshold), joined(t.decision, " "), joined(t.left, " "), joined(t.right, " "))
	}
	fmt.Fprintf(out, "leaf_value=%s\n", floats(t.leaf))
	if len(t.boundaries) > 1 {
		fmt.Fprintf(out, "cat_boundaries=%s\ncat_threshold=%s\n", joined(t.boundaries, " "), joined(t.words, " "))
	}
	fmt.Fprint(out, "is_linear=0\nshrinkage=1\n\n\n")
}

// put adds node at and all below it, and gives back its number as a child.
func (t *lightGBMTree) put(nodes []learn.TreeNode, at int) int {
	n := &nodes[at]
	if n.Leaf {
		t.leaf = append(t.leaf, n.Answer*t.scale+t.add)
		return -len(t.leaf)
	}
	here := len(t.feature)
	decision, threshold, left, right := lightGBMMissingNaN, n.Threshold, n.Left, n.Right
	if n.Category {
		codes := n.Codes
		if n.MissingLeft {
			codes, left, right = others(codes, n.Known), right, left
		}
		decision, threshold = lightGBMCategory, float64(len(t.boundaries)-1)
		t.words = append(t.words, bits(codes)...)
		t.boundaries = append(t.boundaries, len(t.words))
	} else if n.MissingLeft {
		decision |= lightGBMMissingLeft
	}
	t.feature = append(t.feature, n.Feature)
	t.threshold = append(t.threshold, threshold)
	t.decision = append(t.decision, decision)
	t.left, t.right = append(t.left, 0), append(t.right, 0)
	t.left[here] = t.put(nodes, left)
	t.right[here] = t.put(nodes, right)
	return here
}

// others are the codes below known that are not in codes, which is sorted.
func others(codes []int, known int) []int {
	var out []int
	for code := range known {
		if len(codes) > 0 && codes[0] == code {
			codes = codes[1:]
			continue
		}
		out = append(out, code)
	}
	return out
}

// bits is a set of codes as words of 32 bits, at least one.
func bits(codes []int) []uint32 {
	words := make([]uint32, 1)
	for _, code := range codes {
		for len(words) <= code/32 {
			words = append(words, 0)
		}
		words[code/32] |= 1 << (code % 32)
	}
	return words
}

// lightGBMName is a name without the characters that LightGBM's text cannot hold.
func lightGBMName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n,:[]{}\"", r) {
			return '_'
		}
		return r
	}, name)
}

func joined[T int | uint32](values []T, separator string) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = strconv.FormatInt(int64(v), 10)
	}
	return strings.Join(texts, separator)
}

func floats(values []float64) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = strconv.FormatFloat(v, 'g', 17, 64)
	}
	return strings.Join(texts, " ")
}

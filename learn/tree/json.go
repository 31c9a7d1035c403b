package tree

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pluvia-ml/pluvia/internal/parallel"
)

// file is a tree as it stands in JSON. Nodes has a letter for each node, level by
// level; the other lists have an entry for each node of their kind, in that order.
type file struct {
	Nodes      string    `json:"nodes"`      // see the letters below
	Features   []int     `json:"features"`   // of the splits
	Thresholds []float64 `json:"thresholds"` // of the splits by number
	Sets       []string  `json:"sets"`       // of the splits by category: 32 bytes in hexadecimal, bit b of which says that level b goes left, bit 255 missing and unknown ones
	Leaves     []float64 `json:"leaves"`     // probabilities
	Importance []float64 `json:"importance"` // of each feature of the table
}

const (
	letterLeaf     = 'o'
	letterLeft     = 'l' // split by number, missing goes left
	letterRight    = 'r' // split by number, missing goes right
	letterCategory = 'c' // split by category
)

// forestFile is a forest as it stands in JSON.
type forestFile struct {
	Trees      []json.RawMessage `json:"trees"` // each a tree
	Importance []float64         `json:"importance"`
}

// MarshalJSON writes the tree; it reads back to the same bits.
func (m *Model) MarshalJSON() ([]byte, error) {
	if len(m.nodes) == 0 {
		return nil, errors.New("tree: write a tree that was never fitted")
	}
	f := file{Features: []int{}, Thresholds: []float64{}, Sets: []string{}, Importance: m.importance}
	letters := make([]byte, len(m.nodes))
	for i, n := range m.nodes {
		switch {
		case n.split == leaf:
			letters[i] = letterLeaf
			f.Leaves = append(f.Leaves, n.value)
			continue
		case n.is(byCategory):
			letters[i] = letterCategory
			f.Sets = append(f.Sets, m.sets[int(n.value)].text())
		case n.is(missingLeft):
			letters[i] = letterLeft
			f.Thresholds = append(f.Thresholds, n.value)
		default:
			letters[i] = letterRight
			f.Thresholds = append(f.Thresholds, n.value)
		}
		f.Features = append(f.Features, n.feature())
	}
	f.Nodes = string(letters)
	return json.Marshal(f)
}

// UnmarshalJSON reads what MarshalJSON wrote, and refuses what is not a tree.
// On an error the model is as it was.
func (m *Model) UnmarshalJSON(data []byte) error {
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("tree: %w", err)
	}
	out := Model{nodes: make([]node, len(f.Nodes)), importance: f.Importance}
	if err := checkImportance(f.Importance); err != nil {
		return err
	}
	splits, thresholds, leaves := 0, 0, 0
	for i := range len(f.Nodes) {
		n := &out.nodes[i]
		if f.Nodes[i] == letterLeaf {
			if leaves == len(f.Leaves) {
				return fmt.Errorf("tree: %d leaves have no probability", len(f.Leaves)+1)
			}
			*n = node{split: leaf, value: f.Leaves[leaves]}
			if !(n.value >= 0 && n.value <= 1) {
				return fmt.Errorf("tree: leaf %d has probability %v: must be from 0 to 1", leaves, n.value)
			}
			leaves++
			continue
		}
		if splits == len(f.Features) {
			return fmt.Errorf("tree: split %d has no feature", splits)
		}
		feature := f.Features[splits]
		if feature < 0 || feature >= len(f.Importance) {
			return fmt.Errorf("tree: split %d is on feature %d: there are %d", splits, feature, len(f.Importance))
		}
		*n = node{left: int32(2*splits + 1), split: uint32(feature) << 2}
		if int(n.left) <= i || int(n.left)+1 >= len(f.Nodes) {
			return fmt.Errorf("tree: split %d has no children at %d and %d of %d nodes: the nodes are not in the order of levels", splits, n.left, n.left+1, len(f.Nodes))
		}
		splits++
		switch letter := f.Nodes[i]; letter {
		case letterCategory:
			if len(out.sets) == len(f.Sets) {
				return fmt.Errorf("tree: split %d has no set", splits-1)
			}
			s, err := parseSet(f.Sets[len(out.sets)])
			if err != nil {
				return fmt.Errorf("tree: set %d: %w", len(out.sets), err)
			}
			n.split |= byCategory
			n.value = float64(len(out.sets))
			out.sets = append(out.sets, s)
		case letterLeft, letterRight:
			if thresholds == len(f.Thresholds) {
				return fmt.Errorf("tree: split %d has no threshold", splits-1)
			}
			n.value = f.Thresholds[thresholds]
			if letter == letterLeft {
				n.split |= missingLeft
			}
			thresholds++
		default:
			return fmt.Errorf("tree: node %d is %q: must be one of o, l, r, c", i, letter)
		}
	}
	switch {
	case len(f.Nodes) != 2*splits+1:
		return fmt.Errorf("tree: %d splits in %d nodes: must be %d nodes", splits, len(f.Nodes), 2*splits+1)
	case leaves != len(f.Leaves), splits != len(f.Features), thresholds != len(f.Thresholds), len(out.sets) != len(f.Sets):
		return fmt.Errorf("tree: more leaves, features, thresholds or sets than its %d nodes use", len(f.Nodes))
	}
	*m = out
	return nil
}

// MarshalJSON writes the forest; it reads back to the same bits.
func (m *ForestModel) MarshalJSON() ([]byte, error) {
	if len(m.trees) == 0 {
		return nil, errors.New("forest: write a forest that was never fitted")
	}
	f := forestFile{make([]json.RawMessage, len(m.trees)), m.importance}
	for i, t := range m.trees {
		text, err := t.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("forest: tree %d: %w", i, err)
		}
		f.Trees[i] = text
	}
	return json.Marshal(f)
}

// UnmarshalJSON reads what MarshalJSON wrote, and refuses what is not a forest.
// On an error the model is as it was.
func (m *ForestModel) UnmarshalJSON(data []byte) error {
	var f forestFile
	if err := json.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("forest: %w", err)
	}
	if err := checkImportance(f.Importance); err != nil {
		return fmt.Errorf("forest: %w", err)
	}
	if len(f.Trees) == 0 || len(f.Trees) > MaxTrees {
		return fmt.Errorf("forest: %d trees: must be from 1 to %d", len(f.Trees), MaxTrees)
	}
	// 60 deep trees are 15 MB, which take one thread 0.4 s to read.
	trees, faults := make([]*Model, len(f.Trees)), make([]error, len(f.Trees))
	parallel.For(len(trees), func(i int) {
		trees[i] = new(Model)
		faults[i] = trees[i].UnmarshalJSON(f.Trees[i])
		if n := len(trees[i].importance); faults[i] == nil && n != len(f.Importance) {
			faults[i] = fmt.Errorf("it has %d features, the forest %d", n, len(f.Importance))
		}
	})
	for i, err := range faults {
		if err != nil {
			return fmt.Errorf("forest: tree %d: %w", i, err)
		}
	}
	m.trees, m.importance = trees, f.Importance
	return nil
}

func checkImportance(values []float64) error {
	if len(values) == 0 || len(values) >= maxFeatures {
		return fmt.Errorf("tree: importance of %d features: must be a number for each, at least one", len(values))
	}
	for j, v := range values {
		if v < 0 {
			return fmt.Errorf("tree: importance of feature %d is %v: must not be negative", j, v)
		}
	}
	return nil
}

func (s set) text() string {
	var data [32]byte
	for b := range 256 {
		if s.has(uint8(b)) {
			data[b/8] |= 1 << (b % 8)
		}
	}
	return hex.EncodeToString(data[:])
}

func parseSet(text string) (s set, err error) {
	data, err := hex.DecodeString(text)
	if err != nil {
		return s, err
	}
	if len(data) != 32 {
		return s, fmt.Errorf("%d bytes: must be 32", len(data))
	}
	for b := range 256 {
		if data[b/8]>>(b%8)&1 == 1 {
			s.add(uint8(b))
		}
	}
	return s, nil
}

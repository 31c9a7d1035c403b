package boost

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// wire is a model as JSON: nodes by column, one entry each. A leaf has child 0
// and its answer in At; a number's edge is in At; a set of categories is
// Words[i] words from At[i] on in Sets.
type wire struct {
	Features []string  `json:"features"`
	Start    float64   `json:"start"`
	Gains    []float64 `json:"gains"`
	Trees    []int32   `json:"trees"`   // the first node of each tree
	Child    []int32   `json:"child"`   // the left child; the right one is behind it
	Feature  []uint16  `json:"feature"` // of a leaf 0
	Missing  []uint16  `json:"missing"` // 0 left, 1 right
	At       []float64 `json:"at"`
	Words    []uint32  `json:"words,omitempty"` // 0 for a number; absent when there are no categories
	Sets     []string  `json:"sets,omitempty"`  // in hexadecimal, as JSON numbers have 53 bits
}

// MarshalJSON writes the model so that UnmarshalJSON reads back one that gives
// the same bits.
func (m *Model) MarshalJSON() ([]byte, error) {
	w := wire{Features: m.features, Start: m.start, Gains: m.gains, Trees: m.trees}
	for i := range m.nodes {
		n := &m.nodes[i]
		at, child, words := n.at, n.child, uint(0)
		switch n.kind {
		case isLeaf:
			at, child = m.answers[i], 0
		case byCategory:
			var from uint
			from, words = n.set()
			at = float64(from)
		}
		w.At = append(w.At, at)
		w.Child = append(w.Child, child)
		w.Feature = append(w.Feature, n.feature)
		w.Missing = append(w.Missing, uint16(n.missing))
		if m.sets != nil {
			w.Words = append(w.Words, uint32(words))
		}
	}
	for _, s := range m.sets {
		w.Sets = append(w.Sets, strconv.FormatUint(s, 16))
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads a model, and refuses one that could answer with anything
// but a probability: all its faults are named, up to ten of them.
func (m *Model) UnmarshalJSON(data []byte) error {
	var w wire
	if err := json.Unmarshal(data, &w); err != nil {
		return fmt.Errorf("boost: read model: %w", err)
	}
	read, faults := w.model()
	if len(faults) > 0 {
		more := ""
		if len(faults) > 10 {
			more = fmt.Sprintf("; and %d more", len(faults)-10)
			faults = faults[:10]
		}
		return fmt.Errorf("boost: read model: %s%s", strings.Join(faults, "; "), more)
	}
	*m = *read
	return nil
}

func (w *wire) model() (*Model, []string) {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	nodes := len(w.At)
	for name, n := range map[string]int{"child": len(w.Child), "feature": len(w.Feature), "missing": len(w.Missing)} {
		if n != nodes {
			fault("%s has %d entries, at has %d: must be as many", name, n, nodes)
		}
	}
	if w.Words != nil && len(w.Words) != nodes {
		fault("words has %d entries, at has %d: must be as many", len(w.Words), nodes)
	}
	if (w.Sets == nil) != (w.Words == nil) {
		fault("there must be both words and sets, or neither")
	}
	if len(w.Features) == 0 || len(w.Gains) != len(w.Features) {
		fault("there are %d features and %d gains: must be as many, at least 1", len(w.Features), len(w.Gains))
	}
	if len(faults) > 0 {
		return nil, faults
	}
	m := &Model{features: w.Features, start: w.Start, trees: w.Trees, gains: w.Gains}
	for i, text := range w.Sets {
		s, err := strconv.ParseUint(text, 16, 64)
		if err != nil {
			fault("sets[%d] is %.20q: must be up to 16 hexadecimal digits", i, text)
		}
		m.sets = append(m.sets, s)
	}
	finite := func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
	for j, g := range w.Gains {
		if !finite(g) || g < 0 {
			fault("gains[%d] is %v: must be 0 or more", j, g)
		}
	}
	// Trees stand one behind the other, and a child stands behind its parent
	// in the same tree and belongs to no other: so every walk ends at a leaf.
	owned := make([]bool, nodes)
	for t, root := range w.Trees {
		end := nodes
		if t+1 < len(w.Trees) {
			end = int(w.Trees[t+1])
		}
		if int(root) < 0 || int(root) >= end || end > nodes || t == 0 && root != 0 {
			fault("trees[%d] begins at node %d and ends before %d: must be one behind the other, from 0, within %d nodes", t, root, end, nodes)
			return nil, faults
		}
		owned[root] = true
		for i := int(root); i < end; i++ {
			child := int(w.Child[i])
			if !owned[i] {
				fault("node %d has no parent", i)
			}
			if child == 0 {
				m.addLeaf(w.At[i])
				continue
			}
			n := node{at: w.At[i], child: w.Child[i], feature: w.Feature[i], missing: uint8(w.Missing[i])}
			switch {
			case child <= i || child+1 >= end:
				fault("node %d has its children at %d: must be from %d to %d", i, child, i+1, end-2)
			case owned[child] || owned[child+1]:
				fault("node %d has its children at %d, which have another parent", i, child)
			default:
				owned[child], owned[child+1] = true, true
			}
			if int(n.feature) >= len(w.Features) {
				fault("node %d tests feature %d: there are %d", i, n.feature, len(w.Features))
			}
			if w.Missing[i] > 1 {
				fault("node %d has missing %d: must be 0 or 1", i, w.Missing[i])
			}
			if w.Words != nil && w.Words[i] > 0 {
				from, words := w.At[i], w.Words[i]
				if !(from >= 0 && from == math.Trunc(from) && from+float64(words) <= float64(len(w.Sets))) {
					fault("node %d has a set of %d words from %v: there are %d", i, words, from, len(w.Sets))
					continue
				}
				n.kind, n.at = byCategory, setAt(int(from), int(words))
			}
			m.addTest(n)
		}
	}
	if len(w.Trees) == 0 && nodes > 0 {
		fault("there are %d nodes but no trees", nodes)
	}
	if !finite(w.Start) {
		fault("start is not finite")
	}
	return m, faults
}

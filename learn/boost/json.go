package boost

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// wire is a model as JSON: nodes by column, one entry each.
type wire struct {
	Features []string  `json:"features"`
	Start    float64   `json:"start"`
	Gains    []float64 `json:"gains"`
	Trees    []int32   `json:"trees"`
	At       []float64 `json:"at"`
	Child    []int32   `json:"child"`
	Feature  []uint16  `json:"feature"`
	Missing  []uint8   `json:"missing"` // left out when all 0
	Set      []int32   `json:"set,omitempty"`
	Words    []uint16  `json:"words,omitempty"`
	Sets     []string  `json:"sets,omitempty"` // words in hexadecimal: JSON numbers lose bits
}

// MarshalJSON writes the model so that UnmarshalJSON reads back one that gives
// the same bits.
func (m *Model) MarshalJSON() ([]byte, error) {
	w := wire{Features: m.features, Start: m.start, Gains: m.gains, Trees: m.trees}
	for _, n := range m.nodes {
		w.At = append(w.At, n.at)
		w.Child = append(w.Child, n.child)
		w.Feature = append(w.Feature, n.feature)
		w.Missing = append(w.Missing, n.missing)
		if m.sets != nil {
			w.Set = append(w.Set, n.set)
			w.Words = append(w.Words, n.words)
		}
	}
	for _, s := range m.sets {
		w.Sets = append(w.Sets, fmt.Sprintf("%x", s))
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
	if w.Sets != nil && (len(w.Set) != nodes || len(w.Words) != nodes) {
		fault("set and words have %d and %d entries, at has %d: must be as many", len(w.Set), len(w.Words), nodes)
	}
	if w.Sets == nil && (w.Set != nil || w.Words != nil) {
		fault("there are set or words but no sets")
	}
	if len(w.Features) == 0 || len(w.Gains) != len(w.Features) {
		fault("there are %d features and %d gains: must be as many, at least 1", len(w.Features), len(w.Gains))
	}
	if len(faults) > 0 {
		return nil, faults
	}
	m := &Model{features: w.Features, start: w.Start, trees: w.Trees, gains: w.Gains}
	for i, text := range w.Sets {
		var s uint64
		if _, err := fmt.Sscanf(text, "%x", &s); err != nil || fmt.Sprintf("%x", s) != text {
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
			n := node{at: w.At[i], child: w.Child[i], feature: w.Feature[i], missing: w.Missing[i]}
			if w.Sets != nil {
				n.set, n.words = w.Set[i], w.Words[i]
			}
			m.nodes = append(m.nodes, n)
			switch {
			case !owned[i]:
				fault("node %d has no parent", i)
			case n.child == 0:
			case int(n.child) <= i || int(n.child)+1 >= end:
				fault("node %d has its children at %d: must be from %d to %d", i, n.child, i+1, end-2)
			case owned[n.child] || owned[n.child+1]:
				fault("node %d has its children at %d, which have another parent", i, n.child)
			default:
				owned[n.child], owned[n.child+1] = true, true
			}
			if n.child != 0 && int(n.feature) >= len(w.Features) {
				fault("node %d tests feature %d: there are %d", i, n.feature, len(w.Features))
			}
			if n.missing > 1 {
				fault("node %d has missing %d: must be 0 or 1", i, n.missing)
			}
			if n.set < 0 || int(n.set)+int(n.words) > len(w.Sets) {
				fault("node %d has words %d to %d of sets: there are %d", i, n.set, int(n.set)+int(n.words), len(w.Sets))
			}
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

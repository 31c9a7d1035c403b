package recipe

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"

	"github.com/pluvia-ml/pluvia/internal/parallel"
	"github.com/pluvia-ml/pluvia/table"
)

// FillMode replaces missing categories by the commonest one of the rows that
// agree in the columns of Within; of several that are equally common, by the
// alphabetically first. A row whose group has no value, or was not there in the
// training table, or is itself not known, stays as it is: another FillMode with a wider
// group, or with none, can follow. It learns [Modes].
type FillMode struct {
	Columns []string `json:"columns,omitempty"` // categories; none: all
	Within  []string `json:"within,omitempty"`  // numbers and categories that make the group; none: all rows are one
}

// Kind is "fill_mode".
func (*FillMode) Kind() string { return "fill_mode" }

// maxCells bounds the memory for counting: groups times categories.
const maxCells = 1 << 26

func (m *FillMode) check(s *scope) {
	at := s.columns(m.Columns, table.Category)
	s.within(m.Within)
	modeFields(s, at, m.Within)
}

func (m *FillMode) fit(s *scope, columns block) (FittedStep, error) {
	at, within := s.columns(m.Columns, table.Category), s.within(m.Within)
	keys := make([]groupKey, len(within))
	for k, i := range within {
		keys[k] = groupKey{slot: s.slots[i], levels: s.fields[i].Categories}
		if keys[k].levels == nil {
			t := newTally()
			t.add(columns[keys[k].slot])
			for _, v := range t.sorted() {
				keys[k].numbers = append(keys[k].numbers, v.value)
			}
		}
	}
	if _, ok := radix(keys); !ok {
		return nil, fmt.Errorf("too many groups within %s; name fewer columns", list(m.Within))
	}
	groupOf, codes := grouped(keys, columns, at, s)
	for _, i := range at {
		if n := len(s.fields[i].Categories); n > 0 && len(codes) > maxCells/n {
			return nil, fmt.Errorf("%d groups of %d categories are more than can be counted (%d cells); name fewer columns in within", len(codes), n, maxCells)
		}
	}

	modes := make([][]string, len(at))
	parallel.For(len(at), func(k int) {
		i := at[k]
		modes[k] = modesOf(columns[s.slots[i]], groupOf, len(codes), s.fields[i].Categories)
	})
	out := &Modes{Columns: s.named(at), Within: s.named(within), Groups: [][]string{}, Modes: [][]string{}}
	for _, g := range inOrder(codes) {
		row, known := make([]string, len(at)), false
		for k := range at {
			row[k] = modes[k][g]
			known = known || row[k] != ""
		}
		if known {
			out.Groups = append(out.Groups, texts(keys, codes[g]))
			out.Modes = append(out.Modes, row)
		}
	}
	if len(within) == 0 && (len(out.Modes) == 0 || slices.Contains(out.Modes[0], "")) {
		return nil, fmt.Errorf("a column among %s has no value in the training table, so it has no mode; drop it", list(out.Columns))
	}
	return out, nil
}

// within are the positions of the columns that make a group.
func (s *scope) within(names []string) []int {
	var at []int
	for k, name := range names {
		i := s.findAny("within", name)
		switch {
		case slices.Index(names, name) < k:
			s.fault("within", "%q stands there twice", name)
		case i >= 0 && s.fields[i].Type.Kind() == table.Date:
			s.fault("within", "column %q is a date, want a number or a category", name)
		case i >= 0:
			at = append(at, i)
		}
	}
	return at
}

func modeFields(s *scope, at []int, within []string) {
	for _, i := range at {
		if slices.Contains(within, s.fields[i].Name) {
			s.fault("within", "%q is filled by this step; it cannot make its group", s.fields[i].Name)
		}
		if len(within) == 0 {
			s.fields[i].Required = true
		}
	}
}

// groupKey is one column that makes groups: its values as ordinals.
type groupKey struct {
	slot    int
	levels  []string  // of a category, whose ordinal is its code
	numbers []float64 // of a number, distinct and rising; the ordinal is the position

	position map[string]int // of each of levels
}

func (k *groupKey) len() int { return max(len(k.levels), len(k.numbers)) }

// ordinal is the ordinal of a value; ok is false when it is missing or unknown.
func (k *groupKey) ordinal(v float64) (n int, ok bool) {
	if v != v {
		return 0, false
	}
	if k.levels != nil {
		return int(v), true
	}
	return slices.BinarySearch(k.numbers, v)
}

// radix is the number of groups that there can be; ok is false when a uint64 cannot number them.
func radix(keys []groupKey) (n uint64, ok bool) {
	n = 1
	for i := range keys {
		high, low := bits.Mul64(n, uint64(keys[i].len()))
		if high != 0 {
			return 0, false
		}
		n = low
	}
	return n, true
}

// group numbers the group of row r, in mixed radix.
func group(keys []groupKey, b block, r int) (code uint64, ok bool) {
	for i := range keys {
		k := &keys[i]
		n, ok := k.ordinal(b[k.slot][r])
		if !ok {
			return 0, false
		}
		code = code*uint64(k.len()) + uint64(n)
	}
	return code, true
}

// grouped gives each row the index of its group, -1 for none, and the code of each group.
func grouped(keys []groupKey, columns block, at []int, s *scope) (groupOf []int32, codes []uint64) {
	index := make(map[uint64]int32)
	groupOf = make([]int32, len(columns[s.slots[at[0]]]))
	for r := range groupOf {
		groupOf[r] = -1
		if code, ok := group(keys, columns, r); ok {
			g, seen := index[code]
			if !seen {
				g = int32(len(codes))
				index[code] = g
				codes = append(codes, code)
			}
			groupOf[r] = g
		}
	}
	return groupOf, codes
}

// inOrder are the indices of codes by rising code.
func inOrder(codes []uint64) []int {
	order := make([]int, len(codes))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if codes[a] < codes[b] {
			return -1
		}
		return 1
	})
	return order
}

// modesOf is the commonest category of each group, "" where there is none.
func modesOf(x []float64, groupOf []int32, groups int, categories []string) []string {
	width := len(categories)
	counts := make([]int32, groups*width)
	for r, g := range groupOf {
		if v := x[r]; g >= 0 && v == v {
			counts[int(g)*width+int(v)]++
		}
	}
	modes := make([]string, groups)
	for g := range modes {
		most := int32(0)
		for code, n := range counts[g*width : (g+1)*width] {
			if n > most || n == most && n > 0 && categories[code] < modes[g] {
				most, modes[g] = n, categories[code]
			}
		}
	}
	return modes
}

// texts writes a group's values as Groups of [Modes] does.
func texts(keys []groupKey, code uint64) []string {
	out := make([]string, len(keys))
	for i := len(keys) - 1; i >= 0; i-- {
		k := &keys[i]
		n := int(code % uint64(k.len()))
		code /= uint64(k.len())
		if k.levels != nil {
			out[i] = k.levels[n]
		} else {
			out[i] = strconv.FormatFloat(k.numbers[n], 'g', -1, 64)
		}
	}
	return out
}

// Modes are the commonest categories of groups of rows, as [FillMode] has
// learnt them.
type Modes struct {
	Columns []string   `json:"columns"`          // that are filled
	Within  []string   `json:"within,omitempty"` // that make the group
	Groups  [][]string `json:"groups"`           // of each group, the values of Within: categories, and numbers as the shortest decimal
	Modes   [][]string `json:"modes"`            // of each group, a category for each of Columns; "" for none
}

// Kind is "fill_mode".
func (*Modes) Kind() string { return "fill_mode" }

func (m *Modes) bind(s *scope) op {
	at, within := s.listed(m.Columns, table.Category), s.within(m.Within)
	s.sized("modes", len(m.Modes), len(m.Groups))
	before := len(s.faults)
	o := &fillModeOp{group: make(map[uint64][]float64, len(m.Groups))}
	for k, i := range within {
		key := groupKey{slot: s.slots[i], levels: s.fields[i].Categories}
		if key.levels == nil {
			key.numbers = m.numbers(s, k)
		}
		o.keys = append(o.keys, key)
	}
	if _, ok := radix(o.keys); !ok {
		s.fault("groups", "are too many")
	}
	modeFields(s, at, m.Within)
	if len(s.faults) > before || len(at) != len(m.Columns) || len(within) != len(m.Within) || len(m.Groups) != len(m.Modes) {
		return nil
	}
	for k := range o.keys {
		o.keys[k].position = positions(o.keys[k].levels)
	}
	categories := make([]map[string]int, len(at))
	for k, i := range at {
		categories[k] = positions(s.fields[i].Categories)
	}
	for g := range m.Groups {
		code, ok := o.code(m.Groups[g])
		if !ok {
			s.fault("groups", "group %d, %q: want a known value for each of %s", g+1, m.Groups[g], list(m.Within))
			return nil
		}
		if o.group[code] != nil {
			s.fault("groups", "group %d, %q, stands there twice", g+1, m.Groups[g])
			return nil
		}
		modes := m.codes(s, g, categories)
		if modes == nil {
			return nil
		}
		o.group[code] = modes
	}
	o.slots = s.slotsOf(at)
	return o
}

// codes are the modes of a group as codes, NaN for none, or nil when one is
// not among the categories of its column.
func (m *Modes) codes(s *scope, g int, categories []map[string]int) []float64 {
	if len(m.Modes[g]) != len(m.Columns) {
		s.fault("modes", "group %d has %d modes for %d columns", g+1, len(m.Modes[g]), len(m.Columns))
		return nil
	}
	codes := make([]float64, len(m.Columns))
	for k, name := range m.Modes[g] {
		codes[k] = table.Missing
		if name == "" {
			continue
		}
		code, ok := categories[k][name]
		if !ok {
			s.fault("modes", "%q is not a category of %q, which has %s", name, m.Columns[k], list(sortedKeys(categories[k])))
			return nil
		}
		codes[k] = float64(code)
	}
	return codes
}

// numbers are the distinct values of the k-th column of Within, rising.
func (m *Modes) numbers(s *scope, k int) []float64 {
	var numbers []float64
	for g, group := range m.Groups {
		if k >= len(group) {
			continue // code will tell
		}
		v, err := strconv.ParseFloat(group[k], 64)
		if err != nil || math.IsNaN(v) {
			s.fault("groups", "group %d, %q: want a number for %q", g+1, group[k], m.Within[k])
			return nil
		}
		numbers = append(numbers, v)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

type fillModeOp struct {
	slots []int
	keys  []groupKey
	group map[uint64][]float64 // group -> the code that fills each slot, NaN for none
}

// code numbers the group of values that are written as texts.
func (o *fillModeOp) code(values []string) (code uint64, ok bool) {
	if len(values) != len(o.keys) {
		return 0, false
	}
	for i, text := range values {
		k, n := &o.keys[i], 0
		if k.levels != nil {
			if n, ok = k.position[text]; !ok {
				return 0, false
			}
		} else {
			v, _ := strconv.ParseFloat(text, 64) // numbers has checked it
			n, _ = slices.BinarySearch(k.numbers, v)
		}
		code = code*uint64(k.len()) + uint64(n)
	}
	return code, true
}

func (o *fillModeOp) run(b block) {
	for i, slot := range o.slots {
		x := b[slot]
		for r, v := range x {
			if v != v {
				if code, ok := group(o.keys, b, r); ok {
					if modes := o.group[code]; modes != nil {
						x[r] = modes[i]
					}
				}
			}
		}
	}
}

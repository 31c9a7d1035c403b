package recipe

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pluvia-ml/pluvia/table"
)

// Fault is a mistake in a recipe that can be seen without data.
type Fault struct {
	Step int    // position in the recipe, from 0; -1 for the input's fields
	Kind string // kind of the step
	Key  string // the key of its specification that is at fault
	Rule string // what is wrong, and what there is instead
}

func (f *Fault) Error() string {
	if f.Step < 0 {
		return f.Key + ": " + f.Rule
	}
	return fmt.Sprintf("step %d (%s), %s: %s", f.Step+1, f.Kind, f.Key, f.Rule)
}

// scope is the columns at one point of a recipe. The step at hand finds its
// columns by name and changes the list; values stand in slots, which are never
// used twice, so that a dropped column costs a slot and nothing moves.
type scope struct {
	fields []table.Field
	slots  []int // of each field
	width  int   // number of slots so far
	at     map[string]int

	step   int
	kind   string
	faults []*Fault
}

// Limits on what a recipe may ask for, so that a file cannot ask for everything.
const (
	maxSteps   = 1000
	maxColumns = 1 << 16 // ever made, the dropped ones too
	maxFaults  = 100
)

func newScope(fields []table.Field) *scope {
	s := &scope{at: make(map[string]int, len(fields)), step: -1}
	if len(fields) > maxColumns {
		s.fault("fields", "%d columns are too many; at most %d can be handled, drop the others from the schema", len(fields), maxColumns)
		fields = nil
	}
	for _, f := range fields {
		switch f.Type {
		case table.TypeNumber, table.TypeInteger, table.TypeCategory, table.TypeDate:
		default:
			s.fault("fields", "the type of %q is %q, want number, integer, category or date", f.Name, f.Type)
		}
		s.add("fields", f)
	}
	return s
}

// clone is the scope as it is now, for later.
func (s *scope) clone() *scope {
	return &scope{fields: slices.Clone(s.fields), slots: slices.Clone(s.slots), at: maps.Clone(s.at)}
}

func (s *scope) enter(step int, kind string) { s.step, s.kind = step, kind }

// fault notes a mistake. The last one that is noted says that there are more.
func (s *scope) fault(key, format string, args ...any) {
	switch len(s.faults) {
	case maxFaults:
		return
	case maxFaults - 1:
		format, args = "and more mistakes, which are not listed; repair these first", nil
	}
	s.faults = append(s.faults, &Fault{Step: s.step, Kind: s.kind, Key: key, Rule: fmt.Sprintf(format, args...)})
}

func (s *scope) wrap(err error) error { return fmt.Errorf("step %d (%s): %w", s.step+1, s.kind, err) }

// add puts a new column at the end and gives its slot.
func (s *scope) add(key string, f table.Field) int {
	if s.width == maxColumns {
		s.fault(key, "more than %d columns; one_hot of a category with many values makes many", maxColumns)
		return 0
	}
	if f.Name == "" {
		s.fault(key, "a column needs a name")
	} else if _, twice := s.at[f.Name]; twice {
		s.fault(key, "there is a column %q already", f.Name)
	}
	s.at[f.Name] = len(s.fields)
	s.fields = append(s.fields, f)
	s.slots = append(s.slots, s.width)
	s.width++
	return s.width - 1
}

// find is the position of a column of the kind, or -1 and a fault.
func (s *scope) find(key, name string, kind table.Kind) int {
	i := s.findAny(key, name)
	if i >= 0 && s.fields[i].Type.Kind() != kind {
		s.fault(key, "column %q is a %s, want a %s", name, s.fields[i].Type.Kind(), kind)
		return -1
	}
	return i
}

// findAny is the position of a column, or -1 and a fault.
func (s *scope) findAny(key, name string) int {
	i, ok := s.at[name]
	if !ok {
		s.fault(key, "no column %q; there are %s", name, s.names())
		return -1
	}
	return i
}

// columns are the positions of the named columns of the kind, of all of them
// when none is named. Columns at fault are left out.
func (s *scope) columns(names []string, kind table.Kind) []int {
	var found []int
	if len(names) == 0 {
		for i := range s.fields {
			if s.fields[i].Type.Kind() == kind {
				found = append(found, i)
			}
		}
		if found == nil {
			s.fault("columns", "no column is a %s; there are %s", kind, s.names())
		}
		return found
	}
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] {
			s.fault("columns", "%q stands there twice", name)
			continue
		}
		seen[name] = true
		if i := s.find("columns", name, kind); i >= 0 {
			found = append(found, i)
		}
	}
	return found
}

// named are the names of the columns at the positions.
func (s *scope) named(at []int) []string {
	names := make([]string, len(at))
	for k, i := range at {
		names[k] = s.fields[i].Name
	}
	return names
}

// drop takes the columns away that are called names.
func (s *scope) drop(names ...string) {
	gone := make(map[string]bool, len(names))
	for _, name := range names {
		gone[name] = true
	}
	fields, slots := s.fields, s.slots
	s.fields, s.slots, s.at = nil, nil, make(map[string]int, len(fields))
	for i, f := range fields {
		if !gone[f.Name] {
			s.at[f.Name] = len(s.fields)
			s.fields = append(s.fields, f)
			s.slots = append(s.slots, slots[i])
		}
	}
}

// names lists the columns for a person, at most 30 of them.
func (s *scope) names() string {
	const most = 30
	if len(s.fields) == 0 {
		return "none"
	}
	var b strings.Builder
	for i, f := range s.fields {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(s.fields)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(f.Name)
	}
	return b.String()
}

// list writes texts for a person, at most 30 of them.
func list(texts []string) string {
	const most = 30
	if len(texts) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:most], ", "), len(texts)-most)
	}
	return strings.Join(texts, ", ")
}

// plain is the field of a number about which nothing else is known.
func plain(name string) table.Field { return table.Field{Name: name, Type: table.TypeNumber} }

func (s *scope) nonempty(key string, n int) {
	if n == 0 {
		s.fault(key, "must not be empty")
	}
}

// listed are the positions of the columns of a step that must name them.
func (s *scope) listed(names []string, kind table.Kind) []int {
	if len(names) == 0 {
		s.fault("columns", "must not be empty")
		return nil
	}
	return s.columns(names, kind)
}

// sized checks that what was learnt has a value for each column.
func (s *scope) sized(key string, have, want int) {
	if have != want {
		s.fault(key, "%d values for %d columns", have, want)
	}
}

func (s *scope) slotsOf(at []int) []int {
	slots := make([]int, len(at))
	for k, i := range at {
		slots[k] = s.slots[i]
	}
	return slots
}

// positions are the positions of texts.
func positions(texts []string) map[string]int {
	at := make(map[string]int, len(texts))
	for i, text := range texts {
		at[text] = i
	}
	return at
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

package recipe

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/pluvia-ml/pluvia/table"
)

// Inverse turns features, before any scaling, back into the observation that
// they were made of: a latitude and a longitude into the nearest place, a sine
// and a cosine into the nearest direction, year, month and day into a date. It
// is safe for concurrent use.
type Inverse struct {
	features []string
	dst      []int // slot of each input field, -1 for what cannot be known
	width    int
	steps    []func(w []float64) (bad string)
	rows     sync.Pool
}

// Invert makes the inverse of a recipe's encoding steps over the input fields.
// Steps that only repair or scale values (clip, fill, standardise) are passed
// over. What the features no longer tell (a column that was dropped, the season of a
// date) comes out missing. The error holds every fault of the recipe.
func Invert(r Recipe, fields []table.Field) (*Inverse, error) {
	s := newScope(fields)
	before := make([][]table.Field, len(r))
	r.walk(s, func(i int) { before[i] = slices.Clone(s.fields) })
	if len(s.faults) > 0 {
		return nil, join(s.faults)
	}
	v := new(Inverse)
	u := &undoing{known: make(map[string]int)}
	for i, f := range s.fields {
		v.features = append(v.features, f.Name)
		u.known[f.Name] = i
	}
	u.width = len(s.fields)
	for i := len(r) - 1; i >= 0; i-- {
		u.before = before[i]
		if step, ok := r[i].(undoer); ok {
			step.undo(u)
		}
		u.forget()
	}
	for _, f := range fields {
		slot, ok := u.known[f.Name]
		if !ok {
			slot = -1
		}
		v.dst = append(v.dst, slot)
	}
	v.width, v.steps = u.width, u.steps
	v.rows.New = func() any { w := make([]float64, v.width); return &w }
	return v, nil
}

// Features are the names of the features that Row reads, in order.
func (v *Inverse) Features() []string { return v.features }

// Row writes the observation, in the order of the input fields, that has these
// features. NaN features give missing values. It reports the first feature that cannot
// be turned back (the day of a 30 February), or ""; the value is then missing. It
// panics if features is not as long as Features or dst as the input. It allocates nothing once it has run.
func (v *Inverse) Row(dst, features []float64) (bad string) {
	if len(features) != len(v.features) {
		panic(fmt.Sprintf("recipe: %d features, want %d", len(features), len(v.features)))
	}
	if len(dst) != len(v.dst) {
		panic(fmt.Sprintf("recipe: dst has %d values, the input %d fields", len(dst), len(v.dst)))
	}
	row := v.rows.Get().(*[]float64)
	w := *row
	for i := copy(w, features); i < len(w); i++ {
		w[i] = table.Missing
	}
	for _, step := range v.steps {
		if b := step(w); bad == "" {
			bad = b
		}
	}
	for i, slot := range v.dst {
		dst[i] = math.NaN()
		if slot >= 0 {
			dst[i] = w[slot]
		}
	}
	v.rows.Put(row)
	return bad
}

// undoer is a step that encodes, and can be turned back.
type undoer interface {
	// undo adds what computes the columns before the step from those after it, where it can.
	undo(u *undoing)
}

// undoing is the way back through a recipe: which columns can be computed so
// far, and in which slot of Row's memory they stand.
type undoing struct {
	known  map[string]int
	before []table.Field // the fields before the step at hand
	width  int
	steps  []func(w []float64) (bad string)
}

// add makes a slot for a column that the step took away. When the step has
// kept it, or it cannot be, the slot is one that nobody reads.
func (u *undoing) add(name string) int {
	u.width++
	if _, kept := u.known[name]; !kept {
		u.known[name] = u.width - 1
	}
	return u.width - 1
}

// replace makes a slot for a column that the step changed in its place.
func (u *undoing) replace(name string) int {
	delete(u.known, name)
	return u.add(name)
}

// field is the field called name before the step.
func (u *undoing) field(name string) table.Field {
	for _, f := range u.before {
		if f.Name == name {
			return f
		}
	}
	return table.Field{}
}

// forget leaves only the columns that were there before the step.
func (u *undoing) forget() {
	there := make(map[string]bool, len(u.before))
	for _, f := range u.before {
		there[f.Name] = true
	}
	maps.DeleteFunc(u.known, func(name string, _ int) bool { return !there[name] })
}

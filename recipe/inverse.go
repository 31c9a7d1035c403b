package recipe

import (
	"fmt"
	"math"
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
	if _, faults := r.Check(fields); len(faults) > 0 {
		return nil, join(faults)
	}
	s := newScope(fields)
	points := []*scope{s.clone()} // points[i] are the columns before step i
	for i, step := range r {
		s.enter(i, step.Kind())
		step.check(s)
		points = append(points, s.clone())
	}
	v, u := new(Inverse), &undoing{known: make(map[int]int)}
	for i, f := range s.fields {
		v.features = append(v.features, f.Name)
		u.known[s.slots[i]] = i
	}
	u.width = len(s.fields)
	for i := len(r) - 1; i >= 0; i-- {
		if step, ok := r[i].(undoer); ok {
			u.before, u.after = points[i], points[i+1]
			step.undo(u)
		}
	}
	for _, slot := range points[0].slots {
		at, ok := u.known[slot]
		if !ok {
			at = -1
		}
		v.dst = append(v.dst, at)
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
// far, and where in Row's memory they stand. Columns are known by their slots
// on the way there, because a step may give an old name to a new column.
type undoing struct {
	known         map[int]int // slot -> place in Row's memory
	before, after *scope      // the step at hand
	width         int
	steps         []func(w []float64) (bad string)
}

// place is where a column that the step left stands; ok is false when it cannot be computed.
func (u *undoing) place(name string) (at int, ok bool) {
	if i, there := u.after.at[name]; there {
		at, ok = u.known[u.after.slots[i]]
	}
	return at, ok
}

// kept says whether a column from before the step can be had without it.
func (u *undoing) kept(name string) bool {
	_, ok := u.known[u.before.slots[u.before.at[name]]]
	return ok
}

// add makes a place for a column that the step took away.
func (u *undoing) add(name string) int {
	u.known[u.before.slots[u.before.at[name]]] = u.width
	u.width++
	return u.width - 1
}

// categories are those of a column before the step.
func (u *undoing) categories(name string) []string {
	return u.before.fields[u.before.at[name]].Categories
}

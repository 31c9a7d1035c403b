package recipe

import (
	"math"

	"github.com/pluvia-ml/pluvia/table"
)

// Lookup makes a category into the numbers that a catalogue has for it, new
// columns at the end. A missing category has missing numbers.
type Lookup struct {
	Column string               `json:"column"` // a category
	Into   []string             `json:"into"`   // names of the new columns
	Values map[string][]float64 `json:"values"` // category -> a number for each of Into; it may hold more categories
	Keep   bool                 `json:"keep,omitempty"`
}

// Kind is "lookup".
func (*Lookup) Kind() string { return "lookup" }

func (l *Lookup) check(s *scope) { l.bind(s) }

func (l *Lookup) fit(*scope, block) (FittedStep, error) { return l, nil }

func (l *Lookup) bind(s *scope) op {
	o := new(lookupOp)
	s.nonempty("into", len(l.Into))
	required := false
	if i := s.find("column", l.Column, table.Category); i >= 0 {
		f := s.fields[i]
		o.from, required = s.slots[i], f.Required
		var without []string
		for _, name := range f.Categories {
			if _, ok := l.Values[name]; !ok {
				without = append(without, name)
			}
		}
		if without != nil {
			s.fault("values", "no numbers for %s", list(without))
		}
		o.values = l.table(f.Categories)
	}
	for _, name := range sortedKeys(l.Values) {
		values := l.Values[name]
		if len(values) != len(l.Into) {
			s.fault("values", "%q has %d numbers, want %d: one for each of into", name, len(values), len(l.Into))
		}
		for _, v := range values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				s.fault("values", "%v for %q must be a finite number", v, name)
			}
		}
	}
	if !l.Keep {
		s.drop(l.Column)
	}
	for _, name := range l.Into {
		f := plain(name)
		f.Required = required
		o.into = append(o.into, s.add("into", f))
	}
	return o
}

// table is the numbers by new column and category.
func (l *Lookup) table(categories []string) [][]float64 {
	values := make([][]float64, len(l.Into))
	for k := range values {
		values[k] = make([]float64, len(categories))
		for code, name := range categories {
			if of := l.Values[name]; k < len(of) {
				values[k][code] = of[k]
			}
		}
	}
	return values
}

// undo gives back the category whose numbers are nearest, by the sum of
// squared differences; of several, the first.
func (l *Lookup) undo(u *undoing) {
	var from []int
	for _, name := range l.Into {
		if slot, ok := u.place(name); ok {
			from = append(from, slot)
		}
	}
	if len(from) < len(l.Into) || u.kept(l.Column) {
		return
	}
	values, slot := l.table(u.categories(l.Column)), u.add(l.Column)
	u.steps = append(u.steps, func(w []float64) string {
		for k, i := range from {
			if w[i] != w[i] {
				return ""
			}
			if math.IsInf(w[i], 0) {
				return l.Into[k]
			}
		}
		nearest := math.Inf(1)
		for code := range values[0] {
			d := 0.0
			for k, i := range from {
				d += (w[i] - values[k][code]) * (w[i] - values[k][code])
			}
			if d < nearest {
				nearest, w[slot] = d, float64(code)
			}
		}
		return ""
	})
}

type lookupOp struct {
	from   int
	into   []int
	values [][]float64
}

func (o *lookupOp) run(b block) {
	codes := b[o.from]
	for k, slot := range o.into {
		x, values := b[slot], o.values[k]
		for r, code := range codes {
			x[r] = table.Missing
			if code == code {
				x[r] = values[int(code)]
			}
		}
	}
}

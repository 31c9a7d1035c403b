package recipe

import (
	"math"
	"slices"

	"github.com/pluvia-ml/pluvia/table"
)

// Indicator makes categories into numbers where they stand: 1 for one value, 0
// for every other one and for a missing one.
type Indicator struct {
	Columns []string `json:"columns"` // categories
	Value   string   `json:"value"`   // the one that becomes 1
}

// Kind is "indicator".
func (*Indicator) Kind() string { return "indicator" }

func (n *Indicator) check(s *scope) { n.bind(s) }

func (n *Indicator) fit(*scope, block) (FittedStep, error) { return n, nil }

func (n *Indicator) bind(s *scope) op {
	var o indicatorOp
	for _, i := range s.listed(n.Columns, table.Category) {
		f := &s.fields[i]
		code := slices.Index(f.Categories, n.Value)
		if code < 0 {
			s.fault("value", "%q is not a category of %q, which has %s", n.Value, f.Name, list(f.Categories))
		}
		o = append(o, indicatorOne{s.slots[i], float64(code)})
		*f = indicatorField(f.Name)
	}
	return o
}

func indicatorField(name string) table.Field {
	least, most := 0.0, 1.0
	return table.Field{Name: name, Type: table.TypeInteger, Min: &least, Max: &most, Required: true}
}

// undo gives the value back for 1 and for 0, when there are but two, the other.
func (n *Indicator) undo(u *undoing) {
	for _, name := range n.Columns {
		from, ok := u.place(name)
		if !ok {
			continue
		}
		categories := u.categories(name)
		yes, no := float64(slices.Index(categories, n.Value)), math.NaN()
		if len(categories) == 2 {
			no = 1 - yes
		}
		slot := u.add(name)
		u.steps = append(u.steps, func(w []float64) string {
			switch v := w[from]; {
			case v == 1:
				w[slot] = yes
			case v == 0:
				w[slot] = no
			case v == v:
				return name
			}
			return ""
		})
	}
}

type indicatorOne struct {
	slot int
	code float64
}

type indicatorOp []indicatorOne

func (o indicatorOp) run(b block) {
	for i := range o {
		x, code := b[o[i].slot], o[i].code
		for r, v := range x {
			x[r] = 0
			if v == code {
				x[r] = 1
			}
		}
	}
}

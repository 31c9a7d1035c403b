package recipe

import (
	"math"

	"github.com/pluvia-ml/pluvia/table"
)

// OneHot makes a category into one indicator for each of its values: from X
// with the values A and B come X=A and X=B, new columns at the end. All of
// them are 0 for a missing category.
type OneHot struct {
	Columns []string `json:"columns,omitempty"` // categories; none: all
	Keep    bool     `json:"keep,omitempty"`    // keep the category, which goes otherwise
}

// Kind is "one_hot".
func (*OneHot) Kind() string { return "one_hot" }

func (h *OneHot) check(s *scope) { h.bind(s) }

func (h *OneHot) fit(*scope, block) (FittedStep, error) { return h, nil }

func (h *OneHot) bind(s *scope) op {
	at := s.columns(h.Columns, table.Category)
	o := make(oneHotOp, len(at))
	var fields []table.Field
	for k, i := range at {
		fields = append(fields, s.fields[i])
		o[k].from = s.slots[i]
	}
	if !h.Keep {
		s.drop(s.named(at)...)
	}
	for k, f := range fields {
		for _, value := range f.Categories {
			o[k].into = append(o[k].into, s.add("columns", indicatorField(oneHotName(f.Name, value))))
		}
	}
	return o
}

func oneHotName(column, value string) string { return column + "=" + value }

// undo gives back the value whose indicator is greatest and above 0.
func (h *OneHot) undo(u *undoing) {
	names := h.Columns
	if len(names) == 0 {
		for _, f := range u.before.fields {
			if f.Type.Kind() == table.Category {
				names = append(names, f.Name)
			}
		}
	}
	for _, name := range names {
		var from []int
		categories := u.categories(name)
		for _, value := range categories {
			if slot, ok := u.place(oneHotName(name, value)); ok {
				from = append(from, slot)
			}
		}
		if len(from) < len(categories) || u.kept(name) {
			continue
		}
		slot := u.add(name)
		u.steps = append(u.steps, func(w []float64) string {
			greatest := 0.0
			for code, i := range from {
				if math.IsInf(w[i], 0) {
					return oneHotName(name, categories[code])
				}
				if w[i] > greatest {
					greatest, w[slot] = w[i], float64(code)
				}
			}
			return ""
		})
	}
}

type oneHotOne struct {
	from int
	into []int // by category
}

type oneHotOp []oneHotOne

func (o oneHotOp) run(b block) {
	for i := range o {
		codes := b[o[i].from]
		for category, slot := range o[i].into {
			x := b[slot]
			for r, code := range codes {
				x[r] = 0
				if code == float64(category) {
					x[r] = 1
				}
			}
		}
	}
}

package recipe

import (
	"github.com/pluvia-ml/pluvia/table"
)

// SetMissing makes given numbers missing, such as a 9 that stands for "not
// observed".
type SetMissing struct {
	Columns []string  `json:"columns"` // numbers
	Values  []float64 `json:"values"`
}

// Kind is "set_missing".
func (*SetMissing) Kind() string { return "set_missing" }

func (m *SetMissing) check(s *scope) { m.bind(s) }

func (m *SetMissing) fit(*scope, block) (FittedStep, error) { return m, nil }

func (m *SetMissing) bind(s *scope) op {
	s.nonempty("values", len(m.Values))
	at := s.listed(m.Columns, table.Number)
	for _, i := range at {
		s.fields[i].Required = false
	}
	return &setMissingOp{s.slotsOf(at), m.Values}
}

type setMissingOp struct {
	slots  []int
	values []float64
}

func (o *setMissingOp) run(b block) {
	for _, slot := range o.slots {
		x := b[slot]
		for r, v := range x {
			for _, gone := range o.values {
				if v == gone {
					x[r] = table.Missing
				}
			}
		}
	}
}

package recipe

import (
	"fmt"
	"math"

	"github.com/pluvia-ml/pluvia/internal/parallel"
	"github.com/pluvia-ml/pluvia/table"
)

// FillMedian replaces missing numbers by the median of the column. It learns
// [Medians].
type FillMedian struct {
	Columns []string `json:"columns,omitempty"` // numbers; none: all
}

// Kind is "fill_median".
func (*FillMedian) Kind() string { return "fill_median" }

func (m *FillMedian) check(s *scope) { fillFields(s, s.columns(m.Columns, table.Number)) }

func (m *FillMedian) fit(s *scope, columns block) (FittedStep, error) {
	at := s.columns(m.Columns, table.Number)
	out := &Medians{Columns: s.named(at), Median: make([]float64, len(at))}
	parallel.For(len(at), func(k int) {
		t := newTally()
		t.add(columns[s.slots[at[k]]])
		out.Median[k] = math.NaN()
		if t.n > 0 {
			out.Median[k] = median(t.sorted())
		}
	})
	for k, name := range out.Columns {
		if math.IsNaN(out.Median[k]) {
			return nil, fmt.Errorf("column %q has no value in the training table, so it has no median; drop it", name)
		}
		if math.IsInf(out.Median[k], 0) {
			return nil, fmt.Errorf("column %q has an infinite median; clip it first", name)
		}
	}
	return out, nil
}

// Medians are the medians of columns, as [FillMedian] has learnt them.
type Medians struct {
	Columns []string  `json:"columns"`
	Median  []float64 `json:"median"`
}

// Kind is "fill_median".
func (*Medians) Kind() string { return "fill_median" }

func (m *Medians) bind(s *scope) op {
	at := s.listed(m.Columns, table.Number)
	s.sized("median", len(m.Median), len(m.Columns))
	fillFields(s, at)
	return &fillOp{s.slotsOf(at), m.Median}
}

// fillFields marks the fields as never missing.
func fillFields(s *scope, at []int) {
	for _, i := range at {
		s.fields[i].Required = true
		if s.fields[i].Type == table.TypeInteger {
			s.fields[i].Type = table.TypeNumber // a median may lie between two
		}
	}
}

type fillOp struct {
	slots  []int
	values []float64
}

func (o *fillOp) run(b block) {
	for k, slot := range o.slots {
		x, fill := b[slot], o.values[k]
		for r, v := range x {
			if v != v {
				x[r] = fill
			}
		}
	}
}

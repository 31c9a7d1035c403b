package recipe

import (
	"fmt"
	"math"

	"github.com/pluvia-ml/pluvia/internal/parallel"
	"github.com/pluvia-ml/pluvia/table"
)

// Standardise takes the mean off numbers and divides them by their population standard
// deviation. It learns a [Scale].
type Standardise struct {
	Columns []string `json:"columns,omitempty"` // numbers; none: all
}

// Kind is "standardise".
func (*Standardise) Kind() string { return "standardise" }

func (d *Standardise) check(s *scope) { scaleFields(s, s.columns(d.Columns, table.Number)) }

func (d *Standardise) fit(s *scope, columns block) (FittedStep, error) {
	at := s.columns(d.Columns, table.Number)
	out := &Scale{Columns: s.named(at), Mean: make([]float64, len(at)), Deviation: make([]float64, len(at))}
	summaries := make([]moments, len(at))
	parallel.For(len(at), func(k int) { summaries[k] = momentsOf(columns[s.slots[at[k]]]) })
	for k, m := range summaries {
		if m.n == 0 {
			return nil, fmt.Errorf("column %q has no value in the training table, so it has no mean; drop it", out.Columns[k])
		}
		out.Mean[k], out.Deviation[k] = m.mean, m.deviation()
		if sum := m.mean + out.Deviation[k]; math.IsNaN(sum) || math.IsInf(sum, 0) {
			return nil, fmt.Errorf("column %q: its numbers are too large for a mean and a deviation; clip it first", out.Columns[k])
		}
	}
	return out, nil
}

// Scale is the mean and the population standard deviation of columns, as
// [Standardise] has learnt them. The deviation of a constant column is 1.
type Scale struct {
	Columns   []string  `json:"columns"`
	Mean      []float64 `json:"mean"`
	Deviation []float64 `json:"deviation"`
}

// Kind is "standardise".
func (*Scale) Kind() string { return "standardise" }

func (c *Scale) bind(s *scope) op {
	at := s.listed(c.Columns, table.Number)
	s.sized("mean", len(c.Mean), len(c.Columns))
	s.sized("deviation", len(c.Deviation), len(c.Columns))
	for _, v := range c.Deviation {
		if !(v > 0) {
			s.fault("deviation", "%v must be above 0", v)
		}
	}
	scaleFields(s, at)
	return &scaleOp{s.slotsOf(at), c.Mean, c.Deviation}
}

func scaleFields(s *scope, at []int) {
	for _, i := range at {
		f := plain(s.fields[i].Name)
		f.Required = s.fields[i].Required
		s.fields[i] = f
	}
}

type scaleOp struct {
	slots           []int
	mean, deviation []float64
}

func (o *scaleOp) run(b block) {
	for k, slot := range o.slots {
		x, mean, deviation := b[slot], o.mean[k], o.deviation[k]
		for r, v := range x {
			x[r] = (v - mean) / deviation
		}
	}
}

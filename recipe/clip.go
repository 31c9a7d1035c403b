package recipe

import (
	"fmt"
	"math"

	"github.com/pluvia-ml/pluvia/internal/parallel"
	"github.com/pluvia-ml/pluvia/table"
)

// Clip moves numbers beyond a bound to the bound: Tukey's fences, the lower
// quartile less IQR interquartile ranges and the upper one plus as many,
// or bounds that are given. It learns [Bounds].
type Clip struct {
	Columns []string `json:"columns,omitempty"` // numbers; none: all
	// IQR is how many interquartile ranges beyond the quartiles the bounds
	// lie. 0 means 1.5.
	IQR   float64            `json:"iqr,omitempty"`
	Lower map[string]float64 `json:"lower,omitempty"` // column -> lower bound, instead of the fence
	Upper map[string]float64 `json:"upper,omitempty"` // column -> upper bound, instead of the fence
}

// Kind is "clip".
func (*Clip) Kind() string { return "clip" }

func (c *Clip) check(s *scope) {
	at := s.columns(c.Columns, table.Number)
	if c.IQR < 0 || math.IsNaN(c.IQR) || math.IsInf(c.IQR, 0) {
		s.fault("iqr", "%v must be a number from 0", c.IQR)
	}
	clipped := make(map[string]bool, len(at))
	for _, name := range s.named(at) {
		clipped[name] = true
	}
	for _, bounds := range []struct {
		key    string
		values map[string]float64
	}{{"lower", c.Lower}, {"upper", c.Upper}} {
		for _, name := range sortedKeys(bounds.values) {
			if v := bounds.values[name]; math.IsNaN(v) || math.IsInf(v, 0) {
				s.fault(bounds.key, "%v for %q must be a finite number", v, name)
			}
			if !clipped[name] {
				s.fault(bounds.key, "%q is not a column that is clipped; those are %s", name, list(s.named(at)))
			}
		}
	}
	for _, name := range sortedKeys(c.Lower) {
		if upper, both := c.Upper[name]; both && upper < c.Lower[name] {
			s.fault("upper", "%v for %q is less than its lower bound, %v", upper, name, c.Lower[name])
		}
	}
	clipFields(s, at)
}

func (c *Clip) fit(s *scope, columns block) (FittedStep, error) {
	at := s.columns(c.Columns, table.Number)
	b := &Bounds{Columns: s.named(at), Lower: make([]float64, len(at)), Upper: make([]float64, len(at))}
	iqr := c.IQR
	if iqr == 0 {
		iqr = 1.5
	}
	parallel.For(len(at), func(k int) {
		b.Lower[k], b.Upper[k] = fences(columns[s.slots[at[k]]], iqr)
	})
	for k, name := range b.Columns {
		if v, ok := c.Lower[name]; ok {
			b.Lower[k] = v
		}
		if v, ok := c.Upper[name]; ok {
			b.Upper[k] = v
		}
		if sum := b.Lower[k] + b.Upper[k]; sum != sum {
			return nil, fmt.Errorf("column %q holds infinite numbers, which have no quartiles; make them missing first", name)
		}
		if b.Lower[k] > b.Upper[k] {
			return nil, fmt.Errorf("column %q: its lower bound %v is above its upper bound %v; give both", name, b.Lower[k], b.Upper[k])
		}
	}
	return b, nil
}

// fences are Tukey's bounds, those of all floats for a column without values.
func fences(x []float64, iqr float64) (lower, upper float64) {
	t := newTally()
	t.add(x)
	if t.n == 0 {
		return -math.MaxFloat64, math.MaxFloat64
	}
	sorted := t.sorted()
	q1, q3 := quantile(sorted, 0.25), quantile(sorted, 0.75)
	reach := iqr * (q3 - q1)
	return max(q1-float64(reach), -math.MaxFloat64), min(q3+float64(reach), math.MaxFloat64)
}

// Bounds are the least and greatest numbers of columns, as [Clip] has learnt them.
type Bounds struct {
	Columns []string  `json:"columns"`
	Lower   []float64 `json:"lower"`
	Upper   []float64 `json:"upper"`
}

// Kind is "clip".
func (*Bounds) Kind() string { return "clip" }

func (b *Bounds) bind(s *scope) op {
	at := s.listed(b.Columns, table.Number)
	s.sized("lower", len(b.Lower), len(b.Columns))
	s.sized("upper", len(b.Upper), len(b.Columns))
	if len(s.faults) > 0 {
		return nil
	}
	for k, name := range b.Columns {
		if b.Lower[k] > b.Upper[k] {
			s.fault("lower", "%v of %q is above its upper bound, %v", b.Lower[k], name, b.Upper[k])
		}
	}
	clipFields(s, at)
	o := make(clipOp, len(at))
	for k, i := range at {
		o[k] = clipOne{s.slots[i], b.Lower[k], b.Upper[k]}
	}
	return o
}

func clipFields(s *scope, at []int) {
	for _, i := range at {
		s.fields[i].Type = table.TypeNumber
	}
}

type clipOne struct {
	slot         int
	lower, upper float64
}

type clipOp []clipOne

func (o clipOp) run(b block) {
	for i := range o {
		c := &o[i]
		x := b[c.slot]
		for r, v := range x {
			if v < c.lower {
				x[r] = c.lower
			} else if v > c.upper {
				x[r] = c.upper
			}
		}
	}
}

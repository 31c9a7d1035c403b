package recipe

import "github.com/pluvia-ml/pluvia/table"

// Difference makes a new column at the end, Of less Minus, missing where
// either is.
type Difference struct {
	Column string `json:"column"` // name of the new column
	Of     string `json:"of"`     // a number
	Minus  string `json:"minus"`  // a number
}

// Kind is "difference".
func (*Difference) Kind() string { return "difference" }

func (d *Difference) check(s *scope) { d.bind(s) }

func (d *Difference) fit(*scope, block) (FittedStep, error) { return d, nil }

func (d *Difference) bind(s *scope) op {
	o := new(differenceOp)
	of, minus := s.find("of", d.Of, table.Number), s.find("minus", d.Minus, table.Number)
	f := plain(d.Column)
	if of >= 0 && minus >= 0 {
		o.of, o.minus = s.slots[of], s.slots[minus]
		f.Required = s.fields[of].Required && s.fields[minus].Required
		if s.fields[of].Unit == s.fields[minus].Unit {
			f.Unit = s.fields[of].Unit
		}
	}
	o.into = s.add("column", f)
	return o
}

type differenceOp struct{ of, minus, into int }

func (o *differenceOp) run(b block) {
	minus, into := b[o.minus], b[o.into]
	for r, v := range b[o.of] {
		into[r] = v - minus[r]
	}
}

package recipe

import "github.com/pluvia-ml/pluvia/table"

// Select keeps columns, in the order given, and drops the others.
type Select struct {
	Columns []string `json:"columns"`
}

// Kind is "select".
func (*Select) Kind() string { return "select" }

func (e *Select) check(s *scope) { e.bind(s) }

func (e *Select) fit(*scope, block) (FittedStep, error) { return e, nil }

func (e *Select) bind(s *scope) op {
	s.nonempty("columns", len(e.Columns))
	var fields []table.Field
	var slots []int
	at := make(map[string]int, len(e.Columns))
	for _, name := range e.Columns {
		if _, twice := at[name]; twice {
			s.fault("columns", "%q stands there twice", name)
		} else if i := s.findAny("columns", name); i >= 0 {
			at[name] = len(fields)
			fields, slots = append(fields, s.fields[i]), append(slots, s.slots[i])
		}
	}
	s.fields, s.slots, s.at = fields, slots, at
	return nil
}

// Drop takes columns away.
type Drop struct {
	Columns []string `json:"columns"`
}

// Kind is "drop".
func (*Drop) Kind() string { return "drop" }

func (d *Drop) check(s *scope) { d.bind(s) }

func (d *Drop) fit(*scope, block) (FittedStep, error) { return d, nil }

func (d *Drop) bind(s *scope) op {
	s.nonempty("columns", len(d.Columns))
	for _, name := range d.Columns {
		s.findAny("columns", name)
	}
	s.drop(d.Columns...)
	return nil
}

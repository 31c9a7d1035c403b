package recipe

import (
	"math"

	"github.com/pluvia-ml/pluvia/table"
)

// Season makes a date into the sine and cosine of its angle in the year,
// 2π (day of the year, from 1) / 365.25: new columns at the end, so
// that December lies beside January. A missing date has missing ones.
type Season struct {
	Column string `json:"column"`
	Sine   string `json:"sine,omitempty"`   // name of the sine; empty: the column's name and "_sin"
	Cosine string `json:"cosine,omitempty"` // name of the cosine; empty: the column's name and "_cos"
	Keep   bool   `json:"keep,omitempty"`   // keep the date, which goes otherwise
}

// Kind is "season".
func (*Season) Kind() string { return "season" }

func (e *Season) check(s *scope) { e.bind(s) }

func (e *Season) fit(*scope, block) (FittedStep, error) { return e, nil }

func (e *Season) bind(s *scope) op {
	o := new(seasonOp)
	required := false
	if date := s.find("column", e.Column, table.Date); date >= 0 {
		o.date, required = s.slots[date], s.fields[date].Required
	}
	sine, cosine := e.Sine, e.Cosine
	if sine == "" {
		sine = e.Column + "_sin"
	}
	if cosine == "" {
		cosine = e.Column + "_cos"
	}
	if !e.Keep {
		s.drop(e.Column)
	}
	o.sine = s.add("sine", waveField(sine, required))
	o.cosine = s.add("cosine", waveField(cosine, required))
	for day := range o.table {
		o.table[day][0], o.table[day][1] = sincos(2 * math.Pi * float64(day+1) / 365.25)
	}
	return o
}

// waveField is the field of a sine or a cosine.
func waveField(name string, required bool) table.Field {
	least, most := -1.0, 1.0
	return table.Field{Name: name, Type: table.TypeNumber, Min: &least, Max: &most, Required: required}
}

type seasonOp struct {
	date, sine, cosine int
	table              [366][2]float64 // by day of the year, from 0
}

func (o *seasonOp) run(b block) {
	sine, cosine := b[o.sine], b[o.cosine]
	for r, date := range b[o.date] {
		sine[r], cosine[r] = table.Missing, table.Missing
		if math.Abs(date) <= maxDay {
			year, _, _ := civil(int(date))
			angle := &o.table[int(date)-dayOf(year, 1, 1)]
			sine[r], cosine[r] = angle[0], angle[1]
		}
	}
}

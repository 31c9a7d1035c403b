package recipe

import (
	"math"

	"github.com/pluvia-ml/pluvia/table"
)

// DateParts makes a date into numbers: its year, its month from 1 and its day
// of the month from 1, each a new column at the end. A missing date has
// missing parts.
type DateParts struct {
	Column string `json:"column"`
	Year   string `json:"year,omitempty"`  // name of the new column; empty: none
	Month  string `json:"month,omitempty"` // likewise
	Day    string `json:"day,omitempty"`   // likewise
	Keep   bool   `json:"keep,omitempty"`  // keep the date, which goes otherwise
}

// Kind is "date_parts".
func (*DateParts) Kind() string { return "date_parts" }

func (d *DateParts) check(s *scope) { d.bind(s) }

func (d *DateParts) fit(*scope, block) (FittedStep, error) { return d, nil }

func (d *DateParts) bind(s *scope) op {
	o := &datePartsOp{year: -1, month: -1, day: -1}
	date := s.find("column", d.Column, table.Date)
	required := false
	if date >= 0 {
		o.date, required = s.slots[date], s.fields[date].Required
	}
	if d.Year == "" && d.Month == "" && d.Day == "" {
		s.fault("year", "name at least one of year, month and day")
	}
	add := func(slot *int, key, name string, least, most float64) {
		if name == "" {
			return
		}
		f := table.Field{Name: name, Type: table.TypeInteger, Required: required}
		if key != "year" {
			f.Min, f.Max = &least, &most
		}
		*slot = s.add(key, f)
	}
	if !d.Keep {
		s.drop(d.Column)
	}
	add(&o.year, "year", d.Year, 0, 0)
	add(&o.month, "month", d.Month, 1, 12)
	add(&o.day, "day", d.Day, 1, 31)
	return o
}

func (d *DateParts) undo(u *undoing) {
	year, okYear := u.place(d.Year)
	month, okMonth := u.place(d.Month)
	day, okDay := u.place(d.Day)
	if okYear && okMonth && okDay && !u.kept(d.Column) {
		slot := u.add(d.Column)
		u.steps = append(u.steps, func(w []float64) string {
			y, m, dd := w[year], w[month], w[day]
			if y != y || m != m || dd != dd {
				return ""
			}
			if y != math.Trunc(y) || math.Abs(y) > maxYear {
				return d.Year
			}
			if m != math.Trunc(m) || m < 1 || m > 12 {
				return d.Month
			}
			date := dayOf(int(y), int(m), int(dd))
			if _, _, back := civil(date); dd != math.Trunc(dd) || dd < 1 || dd > 31 || back != int(dd) {
				return d.Day
			}
			w[slot] = float64(date)
			return ""
		})
	}
}

type datePartsOp struct{ date, year, month, day int }

func (o *datePartsOp) run(b block) {
	for r, date := range b[o.date] {
		year, month, day := table.Missing, table.Missing, table.Missing
		if math.Abs(date) <= maxDay {
			y, m, d := civil(int(date))
			year, month, day = float64(y), float64(m), float64(d)
		}
		if o.year >= 0 {
			b[o.year][r] = year
		}
		if o.month >= 0 {
			b[o.month][r] = month
		}
		if o.day >= 0 {
			b[o.day][r] = day
		}
	}
}

// Days beyond these are no dates: the calendar below counts in ints.
const (
	maxDay  = math.MaxInt32
	maxYear = 1_000_000
)

// civil is the date of a day number, in the proleptic Gregorian calendar
// (Howard Hinnant, "chrono-compatible low-level date algorithms"; years begin
// in March there). It is several times as fast as package time.
func civil(day int) (year, month, dayOfMonth int) {
	const eraDays = 146097 // in 400 years
	day += 719468          // days from 0000-03-01 to 1970-01-01
	era := day / eraDays
	if day < 0 {
		era = (day - eraDays + 1) / eraDays
	}
	doe := day - era*eraDays
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	year, month, dayOfMonth = yoe+era*400, mp+3, doy-(153*mp+2)/5+1
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, dayOfMonth
}

// dayOf is the day number of a date; it undoes civil.
func dayOf(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	if year < 0 {
		era = (year - 399) / 400
	}
	yoe := year - era*400
	doy := (153*(month-3)+2)/5 + day - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

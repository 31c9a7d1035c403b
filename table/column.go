package table

import (
	"fmt"
	"math"
	"strconv"
)

// Kind is the kind of a column's values.
type Kind uint8

// The kinds; the package doc has the table of how each is stored.
const (
	Number Kind = iota
	Category
	Date
)

func (k Kind) String() string { return [...]string{"number", "category", "date"}[k] }

// Missing is the number that stands for a missing one. Compare with IsNaN.
var Missing = math.NaN()

// MissingCode is the code of a missing category.
const MissingCode int32 = -1

// Column is a named sequence of values of one kind. Exactly the slice of its
// kind is set; an empty column has a slice of length zero.
type Column struct {
	Name string
	Kind Kind

	Numbers []float64 // Number
	Codes   []int32   // Category: indices into Levels, or MissingCode
	Levels  []string  // Category: the names, distinct, in the schema's order
	Days    []Day     // Date
}

// Numbers makes a column of numbers; it takes the slice over.
func Numbers(name string, values []float64) *Column {
	return &Column{Name: name, Kind: Number, Numbers: values}
}

// Categories makes a column of categories; it takes both slices over.
func Categories(name string, codes []int32, levels []string) *Column {
	return &Column{Name: name, Kind: Category, Codes: codes, Levels: levels}
}

// Dates makes a column of dates; it takes the slice over.
func Dates(name string, days []Day) *Column {
	return &Column{Name: name, Kind: Date, Days: days}
}

// Len is the number of values.
func (c *Column) Len() int {
	switch c.Kind {
	case Category:
		return len(c.Codes)
	case Date:
		return len(c.Days)
	default:
		return len(c.Numbers)
	}
}

// Missing says whether value i is missing.
func (c *Column) Missing(i int) bool {
	switch c.Kind {
	case Category:
		return c.Codes[i] < 0
	case Date:
		return c.Days[i] == MissingDay
	default:
		return math.IsNaN(c.Numbers[i])
	}
}

// Float is value i as a number: itself, the code of a category, the day number
// of a date, NaN when missing. It is how a row looks to a recipe and a model.
func (c *Column) Float(i int) float64 {
	switch c.Kind {
	case Category:
		if c.Codes[i] < 0 {
			return Missing
		}
		return float64(c.Codes[i])
	case Date:
		if c.Days[i] == MissingDay {
			return Missing
		}
		return float64(c.Days[i])
	default:
		return c.Numbers[i]
	}
}

// Text is value i as a reader writes it: the shortest decimal that gives the
// number back, the level of a category, a date as 2006-01-02, "" when missing.
func (c *Column) Text(i int) string {
	switch {
	case c.Missing(i):
		return ""
	case c.Kind == Category:
		return c.Levels[c.Codes[i]]
	case c.Kind == Date:
		return c.Days[i].String()
	default:
		return strconv.FormatFloat(c.Numbers[i], 'f', -1, 64)
	}
}

// Level is the code of the level called name, or MissingCode.
func (c *Column) Level(name string) int32 {
	for i, level := range c.Levels {
		if level == name {
			return int32(i)
		}
	}
	return MissingCode
}

// Equals says of each value whether it is the level called name, which makes
// labels of a target; a missing value is not. It panics if the column is not a
// category.
func (c *Column) Equals(name string) []bool {
	if c.Kind != Category {
		panic(fmt.Sprintf("table: column %q is a %s, and has no levels", c.Name, c.Kind))
	}
	code := c.Level(name)
	out := make([]bool, len(c.Codes))
	for i, have := range c.Codes {
		out[i] = have == code && have >= 0
	}
	return out
}

// Take is the column of the values at the given rows. It copies the values and
// shares Levels. It panics if a row is out of range.
func (c *Column) Take(rows []int) *Column {
	out := &Column{Name: c.Name, Kind: c.Kind, Levels: c.Levels}
	switch c.Kind {
	case Category:
		out.Codes = take(c.Codes, rows)
	case Date:
		out.Days = take(c.Days, rows)
	default:
		out.Numbers = take(c.Numbers, rows)
	}
	return out
}

// slice is the column of the values from..to; they are shared.
func (c *Column) slice(from, to int) *Column {
	out := *c
	switch c.Kind {
	case Category:
		out.Codes = c.Codes[from:to:to]
	case Date:
		out.Days = c.Days[from:to:to]
	default:
		out.Numbers = c.Numbers[from:to:to]
	}
	return &out
}

func take[T any](values []T, rows []int) []T {
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = values[row]
	}
	return out
}

// Renamed is the column under another name; the values are shared.
func (c *Column) Renamed(name string) *Column {
	out := *c
	out.Name = name
	return &out
}

func (c *Column) String() string { return fmt.Sprintf("%s %s[%d]", c.Name, c.Kind, c.Len()) }

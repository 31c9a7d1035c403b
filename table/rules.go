package table

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia/internal/spelling"
)

// Rules are a schema made ready for checking one value after the other. They
// turn a value into the float64 by which a row holds it: a number as it is,
// the code of a category, the number of a day, NaN when missing. Rules do not
// change and are safe for concurrent use; checking a good value allocates nothing.
type Rules struct {
	schema  *Schema
	fields  []rule
	missing []string
	opens   [256]bool // bytes with which a text for missing begins
}

// rule is one field, with its bounds as numbers whatever its type.
type rule struct {
	*Field
	kind     Kind
	integer  bool
	required bool
	min, max float64
	codes    map[string]int32
}

// NewRules makes the rules of a schema, which must not be changed any more. It
// panics if the schema does not pass [Schema.Check].
func NewRules(s *Schema) *Rules {
	if err := s.Check(); err != nil {
		panic("table: " + err.Error())
	}
	r := &Rules{schema: s, fields: make([]rule, len(s.Fields)), missing: s.Missing}
	for _, text := range s.Missing {
		if text != "" {
			r.opens[text[0]] = true
		}
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		u := rule{
			Field: f, kind: f.Type.Kind(), integer: f.Type == TypeInteger, required: f.Required,
			min: math.Inf(-1), max: math.Inf(1),
		}
		switch {
		case u.kind == Category:
			u.codes = make(map[string]int32, len(f.Categories))
			for code, level := range f.Categories {
				u.codes[level] = int32(code)
			}
		case u.kind == Date:
			u.min, u.max = float64(civil(0, 1, 1)), float64(civil(9999, 12, 31)) // what can be written
			if day, ok := parseDay(f.Earliest); ok {
				u.min = float64(day)
			}
			if day, ok := parseDay(f.Latest); ok {
				u.max = float64(day)
			}
		default:
			if f.Min != nil {
				u.min = *f.Min
			}
			if f.Max != nil {
				u.max = *f.Max
			}
		}
		r.fields[i] = u
	}
	return r
}

// Schema is the schema that the rules were made of.
func (r *Rules) Schema() *Schema { return r.schema }

// Missing says whether the field may be missing.
func (r *Rules) Missing(field int) (ok bool) { return !r.fields[field].required }

// Text checks a value written as text, taken as it stands: spaces around it
// belong to it. The empty text and those of [Schema.Missing] are missing; NaN
// and infinities are faults. When ok is false, [Rules.Fault] says why.
func (r *Rules) Text(field int, text []byte) (v float64, ok bool) {
	f := &r.fields[field]
	if len(text) == 0 || r.opens[text[0]] && slices.Contains(r.missing, string(text)) {
		return Missing, !f.required
	}
	switch f.kind {
	case Category:
		code, known := f.codes[string(text)]
		if !known {
			return Missing, false
		}
		return float64(code), true
	case Date:
		day, ok := parseDay(text)
		if v = float64(day); !ok || v < f.min || v > f.max {
			return Missing, false
		}
		return v, true
	default:
		v, ok := ParseNumber(text)
		if !ok {
			return Missing, false
		}
		return f.number(v)
	}
}

// Number checks a value that comes as a number, as in JSON. NaN and infinities
// are faults, and so is any number for a category or a date.
func (r *Rules) Number(field int, v float64) (float64, bool) {
	f := &r.fields[field]
	if f.kind != Number {
		return Missing, false
	}
	return f.number(v)
}

// Day checks a date that comes as a day, as in Parquet. Any date for a number
// or a category is a fault.
func (r *Rules) Day(field int, day Day) (float64, bool) {
	f := &r.fields[field]
	if day == MissingDay {
		return Missing, !f.required
	}
	if v := float64(day); f.kind == Date && v >= f.min && v <= f.max {
		return v, true
	}
	return Missing, false
}

// maxInteger is the greatest integer up to which a float64 holds all of them.
const maxInteger = 1 << 53

func (f *rule) number(v float64) (float64, bool) {
	// Written so that a NaN fails it; an infinity fails when there is no bound.
	if !(v >= f.min && v <= f.max) || math.IsInf(v, 0) {
		return Missing, false
	}
	if f.integer && (v != math.Trunc(v) || math.Abs(v) > maxInteger) {
		return Missing, false
	}
	return v, true
}

// Fault describes a value that the field has refused: column, value, and the
// rule in words. The place is left for the caller to fill in.
func (r *Rules) Fault(field int, value string) Fault {
	f := &r.fields[field]
	out := Fault{Column: f.Name, Value: cut(value)}
	switch {
	case value == "" || slices.Contains(r.missing, value):
		out.Rule = "present; it is " + f.words(value)
	case !utf8.ValidString(value):
		out.Rule = "text in UTF-8; the file may be Latin-1 (convert it with iconv -f LATIN1 -t UTF-8)"
	default:
		out.Rule = f.words(value)
	}
	return out
}

// words says what the field's values must be, with the category nearest to the
// value when there are too many to list.
func (f *rule) words(value string) string {
	switch f.kind {
	case Category:
		return categoryWords(f.Categories, value)
	case Date:
		return "a date of the calendar, written YYYY-MM-DD" + rangeWords(f.Earliest, f.Latest)
	default:
		var from, to string
		if f.Min != nil {
			from = strconv.FormatFloat(*f.Min, 'g', -1, 64)
		}
		if f.Max != nil {
			to = strconv.FormatFloat(*f.Max, 'g', -1, 64)
		}
		noun := "a number"
		if f.integer {
			noun = "an integer"
		}
		words := noun + rangeWords(from, to)
		if f.Unit != "" && (from != "" || to != "") {
			words += " " + f.Unit
		}
		return words
	}
}

func rangeWords(from, to string) string {
	switch {
	case from != "" && to != "":
		return " from " + from + " to " + to
	case from != "":
		return ", at least " + from
	case to != "":
		return ", at most " + to
	default:
		return ""
	}
}

// maxListed is how long a list of categories may be, in bytes, before only the
// nearest are named.
const maxListed = 100

func categoryWords(levels []string, value string) string {
	length := 0
	for _, level := range levels {
		length += len(level) + 2
	}
	if length <= maxListed {
		return "one of " + strings.Join(levels, ", ")
	}
	return "one of the " + strconv.Itoa(len(levels)) + " known values; the nearest are " + strings.Join(nearest(levels, value, 3), ", ")
}

// nearest are the n levels with the fewest edits from value, letter case
// aside; of equals the first come first. It looks at the first 1,000 levels.
func nearest(levels []string, value string, n int) []string {
	const most = 1000
	levels = levels[:min(most, len(levels))]
	value = strings.ToLower(cut(value))
	type candidate struct {
		level string
		edits int
	}
	found := make([]candidate, len(levels))
	for i, level := range levels {
		found[i] = candidate{level, spelling.Distance(strings.ToLower(cut(level)), value)}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.edits - b.edits })
	names := make([]string, 0, n)
	for _, c := range found[:min(n, len(found))] {
		names = append(names, c.level)
	}
	return names
}

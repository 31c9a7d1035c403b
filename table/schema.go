package table

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Type is what a field's values must be.
type Type string

// The types of fields. An Integer is stored as a Number.
const (
	TypeNumber   Type = "number"
	TypeInteger  Type = "integer"
	TypeCategory Type = "category"
	TypeDate     Type = "date"
)

// Kind is the kind of column in which values of this type are kept.
func (t Type) Kind() Kind {
	switch t {
	case TypeCategory:
		return Category
	case TypeDate:
		return Date
	default:
		return Number
	}
}

// Field is the contract of one column.
type Field struct {
	Name       string   `json:"name"`
	Type       Type     `json:"type"`
	Unit       string   `json:"unit,omitempty"`       // as it is written behind a value: "°C", "mm"
	Min        *float64 `json:"min,omitempty"`        // least number allowed; nil for none
	Max        *float64 `json:"max,omitempty"`        // greatest number allowed; nil for none
	Earliest   string   `json:"earliest,omitempty"`   // first date allowed, 2006-01-02; "" for any
	Latest     string   `json:"latest,omitempty"`     // last date allowed; "" for any
	Categories []string `json:"categories,omitempty"` // the values of a category, in the order of their codes
	Required   bool     `json:"required,omitempty"`   // may never be missing
	Optional   bool     `json:"optional,omitempty"`   // its column may be absent from a file, where all its values are missing then; not if Required
}

// Schema is the contract of a table.
type Schema struct {
	Fields []Field `json:"fields"`
	// Key names the fields that together identify a row; two rows of one key
	// are a fault. Empty for none.
	Key []string `json:"key,omitempty"`
	// Missing lists the texts that stand for a missing value beside the empty
	// one, such as "NA".
	Missing []string `json:"missing,omitempty"`
}

// Field is the position of the field called name, or -1.
func (s *Schema) Field(name string) int {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

// Names are the names of the fields in order.
func (s *Schema) Names() []string {
	names := make([]string, len(s.Fields))
	for i := range s.Fields {
		names[i] = s.Fields[i].Name
	}
	return names
}

// Check says what is wrong with the schema itself, all of it: names, types,
// bounds, categories and key that cannot be kept. A schema from a project file
// has passed it.
func (s *Schema) Check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if len(s.Fields) == 0 {
		fault("the schema has no fields")
	}
	names := make(map[string]bool, len(s.Fields))
	for i := range s.Fields {
		f := &s.Fields[i]
		switch {
		case f.Name == "":
			fault("field %d has no name", i+1)
		case names[f.Name]:
			fault("field %s is there twice", f.Name)
		}
		names[f.Name] = true
		if f.Required && f.Optional {
			fault("field %s: it may never be missing, so its column cannot be optional", f.Name)
		}
		switch f.Type {
		case TypeNumber, TypeInteger:
			if f.Min != nil && math.IsNaN(*f.Min) || f.Max != nil && math.IsNaN(*f.Max) || f.Min != nil && f.Max != nil && *f.Min > *f.Max {
				fault("field %s: min must not be above max", f.Name)
			}
		case TypeDate:
			earliest, okE := parseDay(f.Earliest)
			latest, okL := parseDay(f.Latest)
			if f.Earliest != "" && !okE || f.Latest != "" && !okL {
				fault("field %s: earliest and latest must be dates, written YYYY-MM-DD", f.Name)
			} else if okE && okL && earliest > latest {
				fault("field %s: earliest must not be after latest", f.Name)
			}
		case TypeCategory:
			if len(f.Categories) == 0 {
				fault("field %s: a category needs its categories", f.Name)
			}
			levels := make(map[string]bool, len(f.Categories))
			for _, level := range f.Categories {
				if level == "" || levels[level] || slices.Contains(s.Missing, level) {
					fault("field %s: category %q is empty, there twice, or stands for missing", f.Name, level)
				}
				levels[level] = true
			}
		default:
			fault("field %s: type %q is none of number, integer, category, date", f.Name, f.Type)
		}
	}
	for i, name := range s.Key {
		if !names[name] || slices.Contains(s.Key[:i], name) {
			fault("key %s is not a field, or there twice", name)
		}
	}
	return errors.Join(faults...)
}

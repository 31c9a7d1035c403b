package table

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

// Package recipe is preprocessing as data: a list of steps, fitted once on the
// training part, then applied alike to a table and to one row, and saved as
// JSON.
//
//	Recipe  --Fit(training table)-->  *Fitted  --Apply, ApplyRow-->  features
//	(what to do)                      (what was learnt)
//
// A row is a []float64 in the order of the input's fields: a number as it is,
// a category as its code in the field's Categories, a date as its day number,
// NaN when missing. Apply and ApplyRow run the same arithmetic on the same
// numbers, so that what a model is served is bit for bit what it was trained
// on; that is the point of the package.
//
// What a step learns is a mergeable summary of the rows (counts of values,
// moments), so that the parts of a table can be summarised apart and merged.
package recipe

import (
	"github.com/pluvia-ml/pluvia/table"
)

// Recipe is a list of steps, in order.
type Recipe []Step

// Step is one thing to do, as it stands in the project file.
type Step interface {
	// Kind is the name of the step in a project file and in JSON: "clip".
	Kind() string
}

// Fitted is a recipe that has seen its training table. It is safe for
// concurrent use.
type Fitted struct {
	input, output []table.Field
}

// Fit learns every step from t, each from what the steps before it make of t.
// The input is described by fields, of which t must have a column each.
func (r Recipe) Fit(fields []table.Field, t *table.Table) (*Fitted, error) { panic("not yet") }

// Input are the fields that Apply needs, in the order of ApplyRow's src.
func (f *Fitted) Input() []table.Field { return f.input }

// Output are the features that come out, in the order of ApplyRow's dst.
func (f *Fitted) Output() []table.Field { return f.output }

// Apply makes the features of every row of t. It neither drops rows nor
// changes their order.
func (f *Fitted) Apply(t *table.Table) (*table.Table, error) { panic("not yet") }

// ApplyRow makes the features of one row. It panics if src is not as long as
// Input or dst as Output. It allocates nothing.
func (f *Fitted) ApplyRow(dst, src []float64) { panic("not yet") }

// MarshalJSON writes the fitted recipe; UnmarshalJSON reads it back to one that gives the same bits.
func (f *Fitted) MarshalJSON() ([]byte, error) { panic("not yet") }

// UnmarshalJSON reads what MarshalJSON wrote, and refuses anything else with the place of the fault.
func (f *Fitted) UnmarshalJSON(data []byte) error { panic("not yet") }

// Inverse turns features, before any scaling, back into the observation that
// they were made of: a latitude and a longitude into the nearest place, a sine and a
// cosine into the nearest direction, year, month and day into a date.
type Inverse struct{}

// Invert makes the inverse of a recipe's encoding steps over the input fields.
// Steps that only repair or scale values (clip, fill, standardise) are passed over.
func Invert(r Recipe, fields []table.Field) (*Inverse, error) { panic("not yet") }

// Features are the names of the features that Row reads, in order.
func (v *Inverse) Features() []string { panic("not yet") }

// Row writes the observation, in the order of the input fields, that has these features. NaN features
// give missing values. It reports the feature that cannot be turned back (a 30 February), or "".
func (v *Inverse) Row(dst, features []float64) (bad string) { panic("not yet") }

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
// The steps, by the name that they have in a project file:
//
//	step         does                                           learns
//	clip         numbers beyond the quartiles to the fence      two bounds a column
//	set_missing  given numbers to missing
//	date_parts   a date to year, month and day
//	season       a date to sine and cosine of the day's angle
//	             in the year
//	indicator    a category to 1 for one value, else 0
//	lookup       a category to numbers from a catalogue
//	compass      a category of directions to sine and cosine
//	one_hot      a category to an indicator for each value
//	difference   two numbers to their difference
//	fill_mode    missing categories to the commonest of a       a category a group
//	             group of rows
//	fill_median  missing numbers to the median                  a number a column
//	standardise  numbers to mean 0 and deviation 1              two numbers a column
//	drop         columns away
//	select       columns in the order given, the others away
//
// Told no columns, clip, fill_median and standardise take all numbers, fill_mode
// and one_hot all categories; the others must be told. Numbers that no step fills stay NaN, and categories that no step encodes stay
// categories, for learners that take them as they are.
//
// What a step learns is an exact, mergeable summary of the rows (counts of
// distinct values, moments), so that the parts of a table can be summarised apart and
// merged. Nothing depends on the number of threads.
//
// The package never drops or reorders rows, never reads a clock, a file or a
// network, and never changes the table that it is given.
package recipe

import (
	"errors"
	"slices"

	"github.com/pluvia-ml/pluvia/internal/parallel"
	"github.com/pluvia-ml/pluvia/table"
)

// Recipe is a list of steps, in order. Its slices are recipes too: r[:n] can
// be fitted on one table and r[n:], over the features of the first, on another.
type Recipe []Step

// Step is one thing to do, as it stands in the project file. The steps of this
// package are all there are; [NewStep] makes one by its kind.
type Step interface {
	// Kind is the name of the step in a project file and in JSON: "clip".
	Kind() string
	// check finds the step's columns among the fields and leaves the fields as
	// the step does, or, when there are faults, as nearly so as can be said.
	check(s *scope)
	// fit learns from the columns, which follow the fields of s.
	fit(s *scope, columns block) (FittedStep, error)
}

// FittedStep is a step with what it has learnt. A step that learns nothing is
// its own FittedStep; the others make [Bounds], [Modes], [Medians], [Scale].
type FittedStep interface {
	Kind() string
	// bind finds the columns, changes the fields as the step does, and gives
	// its arithmetic, nil for none.
	bind(s *scope) op
}

// steps makes, for each kind, the zero specification, and the zero fitted step
// that JSON is read into.
var steps = []struct {
	kind   string
	step   func() Step
	fitted func() FittedStep
}{
	{"clip", func() Step { return new(Clip) }, func() FittedStep { return new(Bounds) }},
	{"set_missing", func() Step { return new(SetMissing) }, func() FittedStep { return new(SetMissing) }},
	{"date_parts", func() Step { return new(DateParts) }, func() FittedStep { return new(DateParts) }},
	{"season", func() Step { return new(Season) }, func() FittedStep { return new(Season) }},
	{"indicator", func() Step { return new(Indicator) }, func() FittedStep { return new(Indicator) }},
	{"lookup", func() Step { return new(Lookup) }, func() FittedStep { return new(Lookup) }},
	{"compass", func() Step { return new(Compass) }, func() FittedStep { return new(Compass) }},
	{"one_hot", func() Step { return new(OneHot) }, func() FittedStep { return new(OneHot) }},
	{"difference", func() Step { return new(Difference) }, func() FittedStep { return new(Difference) }},
	{"fill_mode", func() Step { return new(FillMode) }, func() FittedStep { return new(Modes) }},
	{"fill_median", func() Step { return new(FillMedian) }, func() FittedStep { return new(Medians) }},
	{"standardise", func() Step { return new(Standardise) }, func() FittedStep { return new(Scale) }},
	{"drop", func() Step { return new(Drop) }, func() FittedStep { return new(Drop) }},
	{"select", func() Step { return new(Select) }, func() FittedStep { return new(Select) }},
}

// Kinds are the kinds of the steps there are.
func Kinds() []string {
	kinds := make([]string, len(steps))
	for i := range steps {
		kinds[i] = steps[i].kind
	}
	return kinds
}

// NewStep is a pointer to the zero specification of a kind of step, for a
// decoder to fill in; ok is false when there is no such kind.
func NewStep(kind string) (step Step, ok bool) {
	for i := range steps {
		if steps[i].kind == kind {
			return steps[i].step(), true
		}
	}
	return nil, false
}

// Check runs the recipe over fields alone: the fields that come out, and every
// fault that can be found without data. When there are faults, output is a guess.
func (r Recipe) Check(fields []table.Field) (output []table.Field, faults []*Fault) {
	s := newScope(fields)
	for i, step := range r {
		s.enter(i, step.Kind())
		if i == maxSteps {
			s.fault("step", "%d steps are too many; at most %d can be handled", len(r), maxSteps)
			break
		}
		step.check(s)
	}
	return s.fields, s.faults
}

// Fit learns every step from t, each from what the steps before it make of t.
// The input is described by fields, of which t must have a column each; a
// category that its field does not list counts as missing. The error holds
// every [Fault] of the recipe, or says which step found nothing to learn from.
// The steps are taken over, and must not be changed afterwards.
func (r Recipe) Fit(fields []table.Field, t *table.Table) (*Fitted, error) {
	if _, faults := r.Check(fields); len(faults) > 0 {
		return nil, join(faults)
	}
	sources, err := match(fields, t)
	if err != nil {
		return nil, err
	}
	columns := make(block, len(fields))
	parallel.For(len(columns), func(i int) {
		columns[i] = make([]float64, t.Rows())
		sources[i].load(columns[i], 0)
	})
	f := &Fitted{input: slices.Clone(fields)}
	s := newScope(fields)
	for i, step := range r {
		s.enter(i, step.Kind())
		learnt, err := step.fit(s, columns)
		if err != nil {
			return nil, s.wrap(err)
		}
		f.steps = append(f.steps, learnt)
		op := learnt.bind(s)
		if len(s.faults) > 0 {
			return nil, join(s.faults)
		}
		for len(columns) < s.width {
			columns = append(columns, make([]float64, t.Rows()))
		}
		if op != nil {
			columns.runChunks(op)
		}
	}
	f.compile()
	return f, nil
}

func join(faults []*Fault) error {
	errs := make([]error, len(faults))
	for i, f := range faults {
		errs[i] = f
	}
	return errors.Join(errs...)
}

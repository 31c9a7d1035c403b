package recipe

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/pluvia-ml/pluvia/internal/parallel"
	"github.com/pluvia-ml/pluvia/table"
)

// Fitted is a recipe that has seen its training table. It is safe for
// concurrent use. Its zero value is the empty recipe over no fields.
type Fitted struct {
	input, output []table.Field
	steps         []FittedStep

	// What compile makes of them.
	ops   []op
	width int   // slots
	from  []int // slot of each output
	codes []int // number of categories of each input, -1 for other kinds
	rows  sync.Pool
}

// compile binds every step. The faults are those of a file that was not
// written by MarshalJSON.
func (f *Fitted) compile() []*Fault {
	s := newScope(f.input)
	f.ops = nil
	for i, step := range f.steps {
		s.enter(i, step.Kind())
		if op := step.bind(s); op != nil {
			f.ops = append(f.ops, op)
		}
	}
	f.output, f.from, f.width = s.fields, s.slots, s.width
	f.codes = make([]int, len(f.input))
	for i, field := range f.input {
		f.codes[i] = -1
		if field.Type.Kind() == table.Category {
			f.codes[i] = len(field.Categories)
		}
	}
	width := f.width
	f.rows.New = func() any { b := newBlock(width, 1); return &b }
	return s.faults
}

// Input are the fields that Apply needs, in the order of ApplyRow's src.
func (f *Fitted) Input() []table.Field { return f.input }

// Output are the features that come out, in the order of ApplyRow's dst.
func (f *Fitted) Output() []table.Field { return f.output }

// Steps are the fitted steps in order. They belong to the recipe and must not
// be changed.
func (f *Fitted) Steps() []FittedStep { return f.steps }

// Apply makes the features of every row of t. It neither drops rows nor
// changes their order. The columns of t are found by name, more than the
// input's are no harm, and levels are matched by name: a level that the field
// does not list counts as missing. A column that is not there, or of another
// kind, is an error.
func (f *Fitted) Apply(t *table.Table) (*table.Table, error) {
	sources, err := match(f.input, t)
	if err != nil {
		return nil, err
	}
	rows := t.Rows()
	columns := make([]*table.Column, len(f.output))
	parallel.For(len(columns), func(i int) {
		switch c := (&table.Column{Name: f.output[i].Name, Kind: f.output[i].Type.Kind()}); c.Kind {
		case table.Category:
			columns[i] = table.Categories(c.Name, make([]int32, rows), f.output[i].Categories)
		case table.Date:
			columns[i] = table.Dates(c.Name, make([]table.Day, rows))
		default:
			columns[i] = table.Numbers(c.Name, make([]float64, rows))
		}
	})
	var blocks sync.Pool
	blocks.New = func() any { b := newBlock(f.width, chunkRows); return &b }
	parallel.For((rows+chunkRows-1)/chunkRows, func(k int) {
		whole := blocks.Get().(*block)
		b := *whole
		lo := k * chunkRows
		part := b.part(make(block, 0, len(b)), 0, min(chunkRows, rows-lo))
		for i := range sources {
			sources[i].load(part[i], lo)
		}
		for _, o := range f.ops {
			o.run(part)
		}
		for i, c := range columns {
			store(c, part[f.from[i]], lo)
		}
		blocks.Put(whole)
	})
	return table.New(columns...), nil
}

// ApplyRow makes the features of one row. It panics if src is not as long as
// Input or dst as Output; the two may not overlap. A code that is none of the
// field's categories counts as missing. It allocates nothing once it has run.
func (f *Fitted) ApplyRow(dst, src []float64) {
	if len(src) != len(f.input) {
		panic(fmt.Sprintf("recipe: src has %d values, the input %d fields", len(src), len(f.input)))
	}
	if len(dst) != len(f.output) {
		panic(fmt.Sprintf("recipe: dst has %d values, the output %d fields", len(dst), len(f.output)))
	}
	if f.width == 0 {
		return
	}
	row := f.rows.Get().(*block)
	b := *row
	for i, v := range src {
		if n := f.codes[i]; n >= 0 {
			v = code(v, n)
		}
		b[i][0] = v
	}
	for _, o := range f.ops {
		o.run(b)
	}
	for i, slot := range f.from {
		dst[i] = b[slot][0]
	}
	f.rows.Put(row)
}

// code is the value of a category with n values, NaN when it is none of them.
func code(v float64, n int) float64 {
	if v >= 0 && v < float64(n) {
		return math.Trunc(v)
	}
	return table.Missing
}

// source is a column of a table as a field wants it.
type source struct {
	column *table.Column
	codes  []float64 // of a category: level -> code in the field, NaN for none
}

// match finds the columns of the fields, or says of each that is not there or
// is of the wrong kind.
func match(fields []table.Field, t *table.Table) ([]source, error) {
	sources := make([]source, len(fields))
	var faults []error
	for i, f := range fields {
		c := t.Column(f.Name)
		if c == nil {
			faults = append(faults, fmt.Errorf("the table has no column %q; it has %s", f.Name, list(t.Names())))
			continue
		}
		if want := f.Type.Kind(); c.Kind != want {
			faults = append(faults, fmt.Errorf("column %q of the table is a %s, want a %s", f.Name, c.Kind, want))
			continue
		}
		sources[i].column = c
		if c.Kind == table.Category {
			of := make(map[string]int, len(f.Categories))
			for code, name := range f.Categories {
				of[name] = code
			}
			sources[i].codes = make([]float64, len(c.Levels))
			for level, name := range c.Levels {
				sources[i].codes[level] = table.Missing
				if code, ok := of[name]; ok {
					sources[i].codes[level] = float64(code)
				}
			}
		}
	}
	return sources, errors.Join(faults...)
}

// load writes the values from row lo on to x.
func (s *source) load(x []float64, lo int) {
	switch s.column.Kind {
	case table.Category:
		for r, code := range s.column.Codes[lo : lo+len(x)] {
			x[r] = table.Missing
			if code >= 0 {
				x[r] = s.codes[code]
			}
		}
	case table.Date:
		for r, day := range s.column.Days[lo : lo+len(x)] {
			x[r] = table.Missing
			if day != table.MissingDay {
				x[r] = float64(day)
			}
		}
	default:
		copy(x, s.column.Numbers[lo:lo+len(x)])
	}
}

// store writes x to the rows of c from lo on.
func store(c *table.Column, x []float64, lo int) {
	switch c.Kind {
	case table.Category:
		for r, v := range x {
			c.Codes[lo+r] = table.MissingCode
			if v == v {
				c.Codes[lo+r] = int32(v)
			}
		}
	case table.Date:
		for r, v := range x {
			c.Days[lo+r] = table.MissingDay
			if v == v {
				c.Days[lo+r] = table.Day(v)
			}
		}
	default:
		copy(c.Numbers[lo:], x)
	}
}

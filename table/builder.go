package table

import "strconv"

// Builder makes a table row by row and checks each value against a schema at
// the door. A row with a fault is set aside whole, and every fault of it is
// reported. Use it so:
//
//	for each row {
//		for each field { b.Text(field, text) or b.Number(field, v) or b.Missing(field) }
//		b.EndRow()
//	}
//	t, report := b.Table(), b.Report()
//
// A field that a row does not set is missing. A Builder is for one goroutine;
// after Reset it can be used again, from a pool for instance.
type Builder struct {
	rules   *Rules
	columns []*Column
	size    int // values that the columns have room for

	// The current row stands in the columns already, at index kept.
	row    int   // rows ended
	kept   int   // rows kept
	line   int   // where the current row begins
	faulty bool  // the current row has a fault
	whole  bool  // and it is not one of a single value
	set    []int // row+1 in which each field was last set

	places []place // where each kept row came from
	faults faults
}

// place is where a row stands in its input.
type place struct{ row, line int }

// NewBuilder makes a builder with room for capacity rows; it grows when there
// are more. It panics if the schema does not pass [Schema.Check].
func NewBuilder(s *Schema, capacity int) *Builder { return NewRules(s).Builder(capacity) }

// Builder makes a builder that shares the rules, as NewBuilder does.
func (r *Rules) Builder(capacity int) *Builder {
	b := &Builder{rules: r, columns: make([]*Column, len(r.fields)), set: make([]int, len(r.fields))}
	for i := range r.fields {
		f := &r.fields[i]
		b.columns[i] = &Column{Name: f.Name, Kind: f.kind, Levels: f.Categories}
	}
	b.grow(max(capacity, 1))
	return b
}

func (b *Builder) grow(size int) {
	for _, c := range b.columns {
		switch c.Kind {
		case Category:
			c.Codes = grown(c.Codes, size)
		case Date:
			c.Days = grown(c.Days, size)
		default:
			c.Numbers = grown(c.Numbers, size)
		}
	}
	b.places = grown(b.places, size)
	b.size = size
}

func grown[T any](values []T, size int) []T {
	out := make([]T, size)
	copy(out, values)
	return out
}

// Schema is the schema that rows are checked against.
func (b *Builder) Schema() *Schema { return b.rules.schema }

// Line says in which line of a file the current row begins, for its faults.
func (b *Builder) Line(line int) { b.line = line }

// Text sets a field of the current row to what the text says; see [Rules.Text].
func (b *Builder) Text(field int, text []byte) {
	v, ok := b.rules.Text(field, text)
	if !ok {
		b.refuse(field, string(text[:min(len(text), 2*maxValue)]))
		return
	}
	b.store(field, v)
}

// Number sets a field of the current row to a number; see [Rules.Number].
func (b *Builder) Number(field int, v float64) {
	if _, ok := b.rules.Number(field, v); !ok {
		b.refuse(field, strconv.FormatFloat(v, 'g', -1, 64))
		return
	}
	b.store(field, v)
}

// Day sets a field of the current row to a date; see [Rules.Day].
func (b *Builder) Day(field int, day Day) {
	v, ok := b.rules.Day(field, day)
	if !ok {
		b.refuse(field, day.String())
		return
	}
	b.store(field, v)
}

// Missing says that a field of the current row has no value, which is a fault
// when it is required.
func (b *Builder) Missing(field int) {
	if !b.rules.Missing(field) {
		b.refuse(field, "")
		return
	}
	b.store(field, Missing)
}

func (b *Builder) store(field int, v float64) {
	b.set[field] = b.row + 1
	switch c := b.columns[field]; c.Kind {
	case Category:
		if v != v {
			v = float64(MissingCode)
		}
		c.Codes[b.kept] = int32(v)
	case Date:
		if v != v {
			v = float64(MissingDay)
		}
		c.Days[b.kept] = Day(v)
	default:
		c.Numbers[b.kept] = v
	}
}

func (b *Builder) refuse(field int, value string) {
	b.set[field] = b.row + 1
	if b.faults.full() {
		b.faults.count++
		b.faulty = true
		return
	}
	b.Fault(b.rules.Fault(field, value))
}

// Fault sets the current row aside for a reason that the rules do not know,
// such as a row with too many cells. Place and an overlong value are put right.
func (b *Builder) Fault(f Fault) {
	f.Row, f.Line, f.Value = b.row, b.line, cut(f.Value)
	b.faulty = true
	b.whole = b.whole || f.Column == ""
	b.faults.add(f)
}

// EndRow ends the current row, and says whether it was kept.
func (b *Builder) EndRow() bool {
	if !b.whole {
		for field, row := range b.set {
			if row != b.row+1 {
				b.Missing(field)
			}
		}
	}
	kept := !b.faulty
	if kept {
		b.places[b.kept] = place{b.row, b.line}
		b.kept++
		if b.kept == b.size {
			b.grow(2 * b.size)
		}
	}
	b.row++
	b.line, b.faulty, b.whole = 0, false, false
	return kept
}

// Rows is the number of rows kept so far.
func (b *Builder) Rows() int { return b.kept }

// Table is the table of the rows kept so far. It shares its memory with the
// builder, and is valid until the builder is used again. Rows of one key are
// not looked for; [Join] does that.
func (b *Builder) Table() *Table {
	columns := make([]*Column, len(b.columns))
	for i, c := range b.columns {
		columns[i] = c.slice(0, b.kept)
	}
	return New(columns...)
}

// Report is what has become of the rows so far.
func (b *Builder) Report() *Report {
	return &Report{Read: b.row, Kept: b.kept, FaultCount: b.faults.count, Faults: b.faults.list}
}

// Reset forgets all rows and faults and keeps the memory.
func (b *Builder) Reset() {
	b.row, b.kept, b.line, b.faulty, b.whole = 0, 0, 0, false, false
	clear(b.set)
	b.faults = faults{}
}

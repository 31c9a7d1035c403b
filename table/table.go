// Package table is a columnar table in memory: observations as rows, variables
// as typed columns, and missing as a value of its own.
//
// A [Schema] says what a table may hold. [Rules] are a schema made ready for
// checking one value after the other; every value of every input goes through
// them, in a file or in a request. A [Builder] makes a table row by row with
// them; a [Fault] names place, value and rule of whatever breaks one, and a
// [Report] says what has become of all rows. The packages table/csv and
// table/parquet read and write tables.
//
//	text, number, day --Rules--> Builder --Join--> Table and Report
//	                    (value)   (row)    (key)
//
// The package knows no SQL, HTTP, clock or logger, and never drops a row
// without saying so.
//
//	kind      stored as          missing
//	Number    float64            NaN (infinities never get in)
//	Category  int32, the index   -1
//	          into Levels
//	Date      int32, days since  MissingDay
//	          1970-01-01
package table

import "fmt"

// Table is a set of columns of one length. Its columns may be shared with
// other tables: whoever wants to change values copies the column first.
type Table struct {
	columns []*Column
	index   map[string]int
	rows    int
}

// New makes a table of columns. It panics if two columns share a name or
// differ in length.
func New(columns ...*Column) *Table {
	t := &Table{columns: columns, index: make(map[string]int, len(columns))}
	for i, c := range columns {
		if _, twice := t.index[c.Name]; twice {
			panic(fmt.Sprintf("table: two columns are called %q", c.Name))
		}
		t.index[c.Name] = i
		if i == 0 {
			t.rows = c.Len()
		} else if c.Len() != t.rows {
			panic(fmt.Sprintf("table: column %q has %d rows, %q has %d", c.Name, c.Len(), columns[0].Name, t.rows))
		}
	}
	return t
}

// Rows is the number of rows.
func (t *Table) Rows() int { return t.rows }

// Columns are the columns in order; the slice belongs to the table.
func (t *Table) Columns() []*Column { return t.columns }

// Names are the names of the columns in order.
func (t *Table) Names() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.Name
	}
	return names
}

// Column is the column called name, or nil.
func (t *Table) Column(name string) *Column {
	if i, ok := t.index[name]; ok {
		return t.columns[i]
	}
	return nil
}

// Select is the table of the columns called names, in that order. The columns
// are shared. A name that is not there is an error that says which are.
func (t *Table) Select(names ...string) (*Table, error) {
	columns := make([]*Column, len(names))
	for i, name := range names {
		if columns[i] = t.Column(name); columns[i] == nil {
			return nil, fmt.Errorf("no column %q: the table has %q", name, t.Names())
		}
	}
	return New(columns...), nil
}

// Without is the table less the columns called names; those that it does not
// have are no error. The columns are shared.
func (t *Table) Without(names ...string) *Table {
	drop := make(map[string]bool, len(names))
	for _, name := range names {
		drop[name] = true
	}
	var keep []*Column
	for _, c := range t.columns {
		if !drop[c.Name] {
			keep = append(keep, c)
		}
	}
	return New(keep...)
}

// Take is the table of the given rows, in the order given. It copies.
func (t *Table) Take(rows []int) *Table {
	columns := make([]*Column, len(t.columns))
	for i, c := range t.columns {
		columns[i] = c.Take(rows)
	}
	return New(columns...)
}

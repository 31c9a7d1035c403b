// Package parquet writes tables as Parquet files and reads them back, checked
// against a schema with the rules that hold for every other input.
//
//	kind      in the file
//	Number    DOUBLE
//	Category  BYTE_ARRAY, logical type STRING, the names of the levels
//	Date      INT32, logical type DATE
//
// All values are dictionary-coded and compressed with zstd. A column is
// optional, with a null for each missing value, if it has any, and required
// otherwise; no NaN is ever written. The same table gives the same bytes.
//
// The package reads flat columns only, and never panics on a damaged file.
package parquet

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/pluvia-ml/pluvia/internal/parallel"
	"github.com/pluvia-ml/pluvia/table"
)

// group is a parquet.Group whose columns stand in the order of the table,
// where the library's stand in that of their names.
type group struct {
	parquet.Group
	names []string
}

func (g group) Fields() []parquet.Field {
	fields := make([]parquet.Field, len(g.names))
	for i, name := range g.names {
		fields[i] = field{g.Group[name], name}
	}
	return fields
}

type field struct {
	parquet.Node
	name string
}

func (f field) Name() string                           { return f.name }
func (f field) Value(base reflect.Value) reflect.Value { return base.MapIndex(reflect.ValueOf(f.name)) }

// Write writes the table, which must have a column, as one file.
func Write(w io.Writer, t *table.Table) error {
	if len(t.Columns()) == 0 {
		return errors.New("write parquet: the table has no columns")
	}
	root := group{Group: parquet.Group{}, names: t.Names()}
	for _, c := range t.Columns() {
		root.Group[c.Name] = node(c)
	}
	out := parquet.NewGenericWriter[any](w,
		parquet.NewSchema("table", root),
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.CreatedBy("pluvia", "1", ""),
		parquet.DataPageStatistics(false),
	)
	rows := out.BeginRowGroup()
	if err := columns(rows.ColumnWriters(), t); err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	if _, err := rows.Commit(); err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	return nil
}

func node(c *table.Column) parquet.Node {
	var n parquet.Node
	switch c.Kind {
	case table.Category:
		n = parquet.String()
	case table.Date:
		n = parquet.Date()
	default:
		n = parquet.Leaf(parquet.DoubleType)
	}
	n = parquet.Encoded(n, &parquet.RLEDictionary)
	if anyMissing(c) {
		n = parquet.Optional(n)
	}
	return n
}

func anyMissing(c *table.Column) bool {
	for i := range c.Len() {
		if c.Missing(i) {
			return true
		}
	}
	return false
}

// columns encodes the columns in parallel: each has a writer and a dictionary of its own.
func columns(writers []*parquet.ColumnWriter, t *table.Table) error {
	return parallel.ForError(len(writers), func(i int) error {
		c := t.Columns()[i]
		if err := column(writers[i], c, i); err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
		return nil
	})
}

func column(w *parquet.ColumnWriter, c *table.Column, index int) error {
	defined := 0
	if anyMissing(c) {
		defined = 1
	}
	null := parquet.NullValue().Level(0, 0, index)
	levels := make([]parquet.Value, len(c.Levels))
	for code, name := range c.Levels {
		levels[code] = parquet.ByteArrayValue([]byte(name)).Level(0, defined, index)
	}
	const batch = 512
	values := make([]parquet.Value, 0, batch)
	for from := 0; from < c.Len(); from += batch {
		to := min(from+batch, c.Len())
		values = values[:0]
		switch c.Kind {
		case table.Category:
			for _, code := range c.Codes[from:to] {
				if code < 0 {
					values = append(values, null)
				} else {
					values = append(values, levels[code])
				}
			}
		case table.Date:
			for _, day := range c.Days[from:to] {
				if day == table.MissingDay {
					values = append(values, null)
				} else {
					values = append(values, parquet.Int32Value(int32(day)).Level(0, defined, index))
				}
			}
		default:
			for _, v := range c.Numbers[from:to] {
				if math.IsNaN(v) {
					values = append(values, null)
				} else {
					values = append(values, parquet.DoubleValue(v).Level(0, defined, index))
				}
			}
		}
		if _, err := w.WriteRowValues(values); err != nil {
			return err
		}
	}
	return w.Flush()
}

package parquet

import (
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/pluvia-ml/pluvia/internal/parallel"
	"github.com/pluvia-ml/pluvia/table"
)

// MaxValues is how many values a file may hold; more are refused with
// [table.ErrTooLarge], since a small file can claim any number.
const MaxValues = 1 << 28

// Read reads a file of size bytes. Every column of the schema must be there, in
// any order, those of optional fields aside, of which one will do when there are
// no others; columns that the schema does not have are ignored, and named in
// the report. Rows that break a
// rule or repeat a key are in the report and not in the table; their Row
// counts the rows of the file. A null is a missing value, and so is a NaN,
// which is how other programs write missing numbers.
//
//	field             columns that it accepts
//	number, integer   DOUBLE, FLOAT, INT32, INT64, or text in decimal
//	category          text
//	date              INT32 of logical type DATE, TIMESTAMP at midnight, or text
//
// A file that cannot be a table is a [table.InputError].
func Read(r io.ReaderAt, size int64, s *table.Schema) (t *table.Table, report *table.Report, err error) {
	if err := s.Check(); err != nil {
		return nil, nil, err
	}
	defer damaged(&err)
	source := &source{ReaderAt: r, size: size}
	if err := guardFooter(source, size); err != nil {
		return nil, nil, source.blame(err)
	}
	f, err := parquet.OpenFile(source, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, nil, source.blame(err)
	}
	leaves, ignored, err := match(f.Root(), s)
	if err != nil {
		return nil, nil, err
	}
	if n := f.NumRows(); n < 0 || n > MaxValues/int64(len(leaves)) {
		return nil, nil, &table.InputError{Text: fmt.Sprintf("the file has %d rows of %d columns, and at most %d values are allowed; split it", n, len(leaves), MaxValues), Err: table.ErrTooLarge}
	}
	if err := guardChunks(source, size, f, leaves); err != nil {
		return nil, nil, source.blame(err)
	}
	raw := make([]raw, len(leaves))
	if err := parallel.ForError(len(leaves), func(i int) (err error) {
		defer damaged(&err)
		if leaves[i] == nil {
			raw[i].numbers = slices.Repeat([]float64{table.Missing}, int(f.NumRows()))
			return nil
		}
		raw[i].dates = isDate(leaves[i])
		raw[i].second = ticks(leaves[i])
		for _, group := range f.RowGroups() {
			if err := raw[i].read(group.ColumnChunks()[leaves[i].Index()], group.NumRows()); err != nil {
				return fmt.Errorf("column %s: %w", s.Fields[i].Name, err)
			}
		}
		return nil
	}); err != nil {
		return nil, nil, source.blame(err)
	}
	for i := range raw {
		if got := raw[i].len(); int64(got) != f.NumRows() {
			return nil, nil, &table.InputError{Text: fmt.Sprintf("the Parquet file is damaged: column %s has %d of %d values; fetch it again", s.Fields[i].Name, got, f.NumRows())}
		}
	}
	t, report = check(raw, int(f.NumRows()), s)
	report.Ignored = ignored
	for i, leaf := range leaves {
		if leaf == nil {
			report.Absent = append(report.Absent, s.Fields[i].Name)
		}
	}
	return t, report, nil
}

// match finds the column of each field, nil where an optional one is absent,
// and says of all fields what is wrong.
func match(root *parquet.Column, s *table.Schema) (leaves []*parquet.Column, ignored []string, err error) {
	var wrong []string
	// A file of another kind has none of the columns, were they all optional.
	none := !slices.ContainsFunc(s.Fields, func(f table.Field) bool { return root.Column(f.Name) != nil })
	for i := range s.Fields {
		f := &s.Fields[i]
		c := root.Column(f.Name)
		switch {
		case c == nil && f.Optional && !none:
			// Its values are all missing.
		case c == nil:
			wrong = append(wrong, fmt.Sprintf("there is no column %.64q", f.Name))
		case !c.Leaf() || c.Repeated():
			wrong = append(wrong, fmt.Sprintf("column %.64q is nested", f.Name))
		case !accepts(f.Type.Kind(), c):
			wrong = append(wrong, fmt.Sprintf("column %.64q is of type %s, and cannot be a %s", f.Name, c.Type(), f.Type))
		}
		leaves = append(leaves, c)
	}
	for _, c := range root.Columns() {
		if s.Field(c.Name()) < 0 {
			ignored = append(ignored, c.Name())
		}
	}
	if len(wrong) > 0 {
		return nil, nil, &table.InputError{Text: "the Parquet file does not fit the schema: " + strings.Join(wrong, "; ") + "; write it again with the schema's columns and types"}
	}
	return leaves, ignored, nil
}

func accepts(kind table.Kind, c *parquet.Column) bool {
	logical := c.Type().LogicalType()
	plain := logical == nil || logical.Value == nil
	switch c.Type().Kind() {
	case parquet.ByteArray:
		if plain {
			return true
		}
		switch logical.Value.(type) {
		case *format.StringType, *format.EnumType:
			return true
		}
		return false
	case parquet.Double, parquet.Float:
		return kind == table.Number && plain
	case parquet.Int32, parquet.Int64:
		if _, integer := logicalValue(c).(*format.IntType); integer {
			return kind == table.Number
		}
		return kind == table.Number && plain || kind == table.Date && (isDate(c) || ticks(c) > 0)
	default:
		return false
	}
}

func isDate(c *parquet.Column) bool {
	_, date := logicalValue(c).(*format.DateType)
	return date
}

// ticks is how many units of a timestamp make a second, 0 for anything else.
func ticks(c *parquet.Column) int64 {
	stamp, ok := logicalValue(c).(*format.TimestampType)
	if !ok || c.Type().Kind() != parquet.Int64 || stamp.Unit.Value == nil || stamp.Unit.Value.Duration() <= 0 {
		return 0
	}
	return int64(time.Second / stamp.Unit.Value.Duration())
}

func logicalValue(c *parquet.Column) any {
	if logical := c.Type().LogicalType(); logical != nil {
		return logical.Value
	}
	return nil
}

// raw is a column as it stands in the file: numbers, days, or texts. One of
// the slices is set.
type raw struct {
	dates   bool  // INT32 are days
	second  int64 // INT64 are timestamps of so many units a second, if not 0
	numbers []float64
	days    []table.Day
	codes   []int32 // indices into texts; -1 for null
	texts   [][]byte
	known   map[string]int32
	kind    parquet.Kind
}

func (r *raw) len() int { return len(r.numbers) + len(r.days) + len(r.codes) }

// read adds a column chunk, which has rows values. Going through the library's
// Values, rather than a page's data, looks dictionaries up and places nulls.
func (r *raw) read(chunk parquet.ColumnChunk, rows int64) error {
	pages := chunk.Pages()
	defer pages.Close()
	r.kind = chunk.Type().Kind()
	values := make([]parquet.Value, 1024)
	end := int64(r.len()) + rows
	for {
		page, err := pages.ReadPage()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if int64(r.len())+page.NumValues() > end {
			parquet.Release(page)
			return errors.New("more values than rows")
		}
		reader := page.Values()
		for {
			n, err := reader.ReadValues(values)
			r.add(values[:n])
			if err == io.EOF {
				break
			}
			if err != nil {
				parquet.Release(page)
				return err
			}
			if n == 0 {
				parquet.Release(page)
				return io.ErrNoProgress
			}
		}
		parquet.Release(page)
	}
}

func (r *raw) add(values []parquet.Value) {
	switch {
	case r.kind == parquet.ByteArray:
		for i := range values {
			if values[i].IsNull() {
				r.codes = append(r.codes, table.MissingCode)
			} else {
				r.codes = append(r.codes, r.code(values[i].ByteArray()))
			}
		}
	case r.second > 0:
		for i := range values {
			if values[i].IsNull() {
				r.codes = append(r.codes, table.MissingCode)
			} else {
				r.codes = append(r.codes, r.code(timestamp(values[i].Int64(), r.second)))
			}
		}
	case r.dates:
		for i := range values {
			day := table.MissingDay
			if !values[i].IsNull() {
				day = table.Day(values[i].Int32())
			}
			r.days = append(r.days, day)
		}
	default:
		for i := range values {
			r.numbers = append(r.numbers, number(&values[i]))
		}
	}
}

func number(v *parquet.Value) float64 {
	switch v.Kind() {
	case parquet.Double:
		return v.Double()
	case parquet.Float:
		return float64(v.Float())
	case parquet.Int32:
		return float64(v.Int32())
	case parquet.Int64:
		return float64(v.Int64())
	default:
		return table.Missing
	}
}

// timestamp is the date when it is midnight, and otherwise the time, which the
// rules for a date refuse.
func timestamp(v, second int64) []byte {
	seconds, rest := v/second, v%second
	t := time.Unix(seconds, rest*(int64(time.Second)/second)).UTC()
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.AppendFormat(nil, time.DateOnly)
	}
	return t.AppendFormat(nil, time.RFC3339Nano)
}

func (r *raw) code(text []byte) int32 {
	code, ok := r.known[string(text)]
	if !ok {
		if r.known == nil {
			r.known = make(map[string]int32)
		}
		code = int32(len(r.texts))
		r.known[string(text)] = code
		r.texts = append(r.texts, slices.Clone(text))
	}
	return code
}

// check lets every value through the one door, in parallel by runs of rows.
func check(columns []raw, rows int, s *table.Schema) (*table.Table, *table.Report) {
	rules := table.NewRules(s)
	const run = 1 << 14
	parts := make([]*table.Builder, max(1, (rows+run-1)/run))
	parallel.ForError(len(parts), func(i int) error {
		from, to := i*run, min((i+1)*run, rows)
		b := rules.Builder(to - from + 1)
		for row := from; row < to; row++ {
			for field := range columns {
				switch c := &columns[field]; {
				case c.codes != nil:
					if code := c.codes[row]; code < 0 {
						b.Missing(field)
					} else {
						b.Text(field, c.texts[code])
					}
				case c.days != nil:
					b.Day(field, c.days[row])
				default:
					if v := c.numbers[row]; math.IsNaN(v) {
						b.Missing(field)
					} else {
						b.Number(field, v)
					}
				}
			}
			b.EndRow()
		}
		parts[i] = b
		return nil
	})
	return table.Join(parts, nil)
}

// source remembers the first error of reading, to tell a broken disk from a
// damaged file.
type source struct {
	io.ReaderAt
	size   int64
	failed atomic.Pointer[error]
}

func (s *source) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 || at > s.size {
		return 0, fmt.Errorf("it points at byte %d of %d", at, s.size)
	}
	n, err := s.ReaderAt.ReadAt(p, at)
	if err != nil && err != io.EOF {
		s.failed.CompareAndSwap(nil, &err)
	}
	return n, err
}

func (s *source) blame(err error) error {
	if failed := s.failed.Load(); failed != nil {
		return *failed
	}
	var known *table.InputError
	if errors.As(err, &known) {
		return err
	}
	return &table.InputError{Text: "the Parquet file is damaged or cut off: " + err.Error() + "; fetch it again", Err: err}
}

// damaged turns a panic of the library, which trusts what a file says of
// itself, into an error.
func damaged(err *error) {
	switch cause := recover().(type) {
	case nil:
	case runtime.Error:
		*err = &table.InputError{Text: "the Parquet file is damaged: " + cause.Error() + "; fetch it again", Err: cause}
	default:
		*err = &table.InputError{Text: fmt.Sprint("the Parquet file is damaged: ", cause, "; fetch it again")}
	}
}

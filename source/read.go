package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/csv"
	"github.com/pluvia-ml/pluvia/table/parquet"
)

// Read reads every file into one table, in the order of Files, and checks it
// against the schema. A row of the report counts over all files, its line
// within its own; when there are several, each fault names its file. A row whose key stands
// in an earlier file already is set aside like one within a file, but its line
// is not known. An input that cannot be a table is a [table.InputError], with the
// code Invalid or TooLarge.
//
// MaxBytes of opts bounds the files together, and Progress counts within one.
func (s *Source) Read(ctx context.Context, schema *table.Schema, opts csv.Options) (*table.Table, *table.Report, error) {
	t, report, err := s.read(ctx, schema, opts)
	var input *table.InputError
	switch {
	case errors.Is(err, table.ErrTooLarge):
		return nil, nil, pluvia.Errorf(pluvia.TooLarge, "%w", err)
	case errors.As(err, &input):
		return nil, nil, pluvia.Errorf(pluvia.Invalid, "%w", err)
	}
	return t, report, err
}

func (s *Source) read(ctx context.Context, schema *table.Schema, opts csv.Options) (*table.Table, *table.Report, error) {
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = csv.MaxBytes
	}
	if len(s.Files) == 1 {
		t, report, _, err := s.Files[0].read(ctx, schema, opts)
		return t, report, err
	}
	var parts []*table.Table
	all := &table.Report{}
	for i := range s.Files {
		f := &s.Files[i]
		t, report, size, err := f.read(ctx, schema, opts)
		if err != nil {
			return nil, nil, err
		}
		if opts.MaxBytes -= size; opts.MaxBytes <= 0 && i < len(s.Files)-1 {
			return nil, nil, &table.InputError{
				Text: "the files up to " + f.Name + " have as many bytes as are allowed together; take fewer, or raise the limit",
				Err:  table.ErrTooLarge,
			}
		}
		parts = append(parts, t)
		add(all, report, f.Name)
	}
	t := concat(parts)
	again, first, err := t.Duplicates(schema.Key...)
	if err != nil {
		return nil, nil, err
	}
	if len(again) > 0 {
		t = s.setAside(t, parts, again, first, schema.Key, all)
	}
	return t, all, nil
}

// read is the table of one file, and how many bytes it has, for CSV after
// decompression.
func (f *File) read(ctx context.Context, schema *table.Schema, opts csv.Options) (*table.Table, *table.Report, int64, error) {
	r, err := f.Open()
	if err != nil {
		return nil, nil, 0, err
	}
	defer r.Close()
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil, 0, f.named(err)
	}
	if string(head[:n]) == "PAR1" {
		return f.readParquet(r, schema, opts)
	}
	var size int64
	told := opts.Progress
	opts.Progress = func(done, total int64) {
		size = total
		if told != nil {
			told(done, total)
		}
	}
	whole := io.MultiReader(bytes.NewReader(head[:n]), &interruptible{ctx, r})
	t, report, err := csv.Read(ctx, &sized{whole, f.Size}, schema, opts)
	if err != nil {
		return nil, nil, 0, f.named(err)
	}
	// A compressed stream may end before its file does.
	if _, err := io.Copy(io.Discard, r); err != nil {
		return nil, nil, 0, f.named(err)
	}
	return t, report, size, nil
}

// readParquet reads at random from the file, and then from its beginning for
// the digest. What cannot be read at random is taken into memory.
func (f *File) readParquet(r io.ReadCloser, schema *table.Schema, opts csv.Options) (*table.Table, *table.Report, int64, error) {
	if f.Size > opts.MaxBytes {
		return nil, nil, 0, &table.InputError{Text: fmt.Sprintf("%s has more than the %d bytes allowed; split it, or raise the limit", f.Name, opts.MaxBytes), Err: table.ErrTooLarge}
	}
	file, size := io.ReaderAt(nil), f.Size
	if v, ok := r.(*verified); ok {
		file, _ = v.r.(io.ReaderAt)
	}
	if file == nil {
		rest, err := io.ReadAll(io.LimitReader(r, opts.MaxBytes))
		if err != nil {
			return nil, nil, 0, f.named(err)
		}
		data := append([]byte("PAR1"), rest...)
		file, size = bytes.NewReader(data), int64(len(data))
	}
	t, report, err := parquet.Read(file, size, schema)
	if err != nil {
		return nil, nil, 0, f.named(err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return nil, nil, 0, f.named(err)
	}
	return t, report, f.Size, nil
}

// named puts the name of the file before an error about what is in it.
func (f *File) named(err error) error {
	if input := (*table.InputError)(nil); errors.As(err, &input) {
		text := input.Text
		if input.Line > 0 {
			text = fmt.Sprintf("line %d: %s", input.Line, text)
		}
		return &table.InputError{Text: f.Name + ": " + text, Err: input.Err}
	}
	return fmt.Errorf("read %s: %w", f.Name, err)
}

// add appends the report on one of several files.
func add(all, part *table.Report, name string) {
	for _, f := range part.Faults {
		if len(all.Faults) == table.MaxFaults {
			break
		}
		f.File, f.Row = name, f.Row+all.Read
		all.Faults = append(all.Faults, f)
	}
	for _, column := range part.Absent {
		if !slices.Contains(all.Absent, column) {
			all.Absent = append(all.Absent, column)
		}
	}
	for _, column := range part.Ignored {
		if !slices.Contains(all.Ignored, column) {
			all.Ignored = append(all.Ignored, column)
		}
	}
	all.Read += part.Read
	all.Kept += part.Kept
	all.FaultCount += part.FaultCount
}

// setAside takes the rows away whose keys stand in an earlier file.
func (s *Source) setAside(t *table.Table, parts []*table.Table, again, first []int, key []string, all *table.Report) *table.Table {
	fileOf := func(row int) string {
		for i, part := range parts {
			if row < part.Rows() {
				return s.Files[i].Name
			}
			row -= part.Rows()
		}
		return ""
	}
	gone := make(map[int]bool, len(again))
	for i, row := range again {
		gone[row] = true
		all.FaultCount++
		if len(all.Faults) == table.MaxFaults {
			continue
		}
		values := make([]string, len(key))
		for k, name := range key {
			values[k] = t.Column(name).Text(row)
		}
		all.Faults = append(all.Faults, table.Fault{
			File: fileOf(row), Row: row, Column: strings.Join(key, ", "), Value: strings.Join(values, ", "),
			Rule: "the only row of its key; " + fileOf(first[i]) + " has it already",
		})
	}
	keep := make([]int, 0, t.Rows()-len(gone))
	for row := range t.Rows() {
		if !gone[row] {
			keep = append(keep, row)
		}
	}
	all.Kept = len(keep)
	return t.Take(keep)
}

// concat puts tables of one schema below each other.
func concat(parts []*table.Table) *table.Table {
	columns := make([]*table.Column, len(parts[0].Columns()))
	for i, model := range parts[0].Columns() {
		out := *model
		out.Numbers, out.Codes, out.Days = nil, nil, nil
		for _, part := range parts {
			c := part.Column(out.Name)
			out.Numbers = append(out.Numbers, c.Numbers...)
			out.Codes = append(out.Codes, c.Codes...)
			out.Days = append(out.Days, c.Days...)
		}
		columns[i] = &out
	}
	return table.New(columns...)
}

// sized is a reader that tells how much it holds, so that room can be made once.
type sized struct {
	io.Reader
	size int64
}

func (s *sized) Size() int64 { return s.size }

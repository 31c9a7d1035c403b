// Package csv reads comma-separated values into a typed, checked table in one
// pass, and writes tables. It reads what encoding/csv reads, but types each
// cell where it finds it, on all processors.
//
// A file that cannot be a table (a column is missing, a quote never ends) is a
// [table.InputError]; a row that breaks a rule is set aside in the report. The
// package never guesses: no type, no separator, no character set.
//
// The input is cut into chunks that are read in parallel. Where a chunk begins
// is a guess, the first line end behind a round number of bytes, which is wrong
// when that line end stands in quotes. Each chunk reads on to the end of its
// last row; where the next chunk does not begin exactly there, it is read again
// from the right place. So the result never depends on the chunks.
package csv

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/pluvia-ml/pluvia/internal/parallel"
	"github.com/pluvia-ml/pluvia/table"
)

// The limits of an input. Beyond them it is refused with [table.ErrTooLarge].
const (
	MaxBytes   = 2 << 30 // of the whole, decompressed; Options may set less or more
	MaxRow     = 1 << 20 // bytes of one row, or of the header
	MaxColumns = 10_000
)

// Options says how to read. Its zero value is good.
type Options struct {
	// Comma separates cells; 0 for ','. It must be an ASCII character other
	// than a quote or a line end.
	Comma byte
	// Strict refuses a file with columns that the schema does not have.
	// Otherwise they are ignored, and named in the report.
	Strict bool
	// MaxBytes is how large the input may be after decompression; 0 for [MaxBytes].
	MaxBytes int64
	// Progress is told how many bytes of how many are done, from time to time
	// and at the end. Calls do not overlap. It may be nil.
	Progress func(done, total int64)

	chunk int // bytes of a chunk, for tests; 0 for 1 MiB
}

// Read reads a file with a header whose columns stand in any order, plain or
// compressed (see [Decompress]). Every column of the schema must be there, those
// of optional fields aside, of which one will do when there are no others; the
// values of an absent one are missing. Rows that break a rule, or repeat a key,
// are in the report and not in the table. An empty line is no row. The table is
// nil when the error is not.
func Read(ctx context.Context, r io.Reader, s *table.Schema, opts Options) (*table.Table, *table.Report, error) {
	plain, err := Decompress(r)
	if err != nil {
		return nil, nil, err
	}
	defer plain.Close()
	data, err := readAll(ctx, plain, sizeOf(r, plain), opts.maxBytes())
	if err != nil {
		return nil, nil, err
	}
	return Parse(ctx, data, s, opts)
}

// Parse is Read for bytes in memory that are not compressed. It does not keep them.
func Parse(ctx context.Context, data []byte, s *table.Schema, opts Options) (*table.Table, *table.Report, error) {
	if err := s.Check(); err != nil {
		return nil, nil, err
	}
	if opts.Comma == 0 {
		opts.Comma = ','
	}
	if opts.Comma == '"' || opts.Comma == '\n' || opts.Comma == '\r' || opts.Comma >= 0x80 {
		return nil, nil, fmt.Errorf("%q cannot separate cells: it must be ASCII, and no quote or line end", opts.Comma)
	}
	if int64(len(data)) > opts.maxBytes() {
		return nil, nil, tooLarge(opts.maxBytes())
	}
	in, report, err := open(data, s, opts)
	if err != nil {
		return nil, nil, err
	}
	parts, err := in.parts(ctx, opts)
	if err != nil {
		return nil, nil, err
	}
	builders, lines := make([]*table.Builder, len(parts)), make([]int, len(parts))
	for i, p := range parts {
		builders[i], lines[i] = p.rows, p.lines
	}
	t, joined := table.Join(builders, lines)
	joined.Ignored, joined.Absent = report.Ignored, report.Absent
	if joined.Read == 0 {
		return nil, nil, &table.InputError{Text: "the file has a header but no rows; give it at least one observation, in a line of its own"}
	}
	return t, joined, nil
}

func (o *Options) maxBytes() int64 {
	if o.MaxBytes > 0 {
		return o.MaxBytes
	}
	return MaxBytes
}

func tooLarge(limit int64) error {
	return &table.InputError{
		Text: fmt.Sprintf("the file has more than the %d bytes allowed after decompression; split it, or raise the limit", limit),
		Err:  table.ErrTooLarge,
	}
}

// parts reads the rows chunk by chunk, in parallel, and gives them in order.
func (in *input) parts(ctx context.Context, opts Options) ([]*part, error) {
	chunk := opts.chunk
	if chunk <= 0 {
		chunk = 1 << 20
	}
	var parts []*part
	for start := in.first; start < len(in.data) || len(parts) == 0; {
		limit := len(in.data)
		if nominal := start + chunk; nominal < limit {
			if i := bytes.IndexByte(in.data[nominal:], '\n'); i >= 0 {
				limit = nominal + i + 1
			}
		}
		parts = append(parts, &part{start: start, limit: limit})
		start = limit
	}

	var done atomic.Int64
	var telling sync.Mutex
	if err := parallel.ForContext(ctx, len(parts), func(i int) {
		p := parts[i]
		if i == 0 {
			p.lines = in.lines
		}
		in.scan(p)
		if opts.Progress != nil {
			telling.Lock()
			opts.Progress(done.Add(int64(p.limit-p.start)), int64(len(in.data)-in.first))
			telling.Unlock()
		}
	}); err != nil {
		return nil, err
	}

	good := parts[:0]
	line, at := 0, in.first
	for _, p := range parts {
		if p.limit <= at && len(good) > 0 {
			continue // inside the last row of the part before
		}
		if p.start != at {
			*p = part{start: at, limit: p.limit}
			in.scan(p)
		}
		if p.err != nil {
			p.err.Line += line
			return nil, p.err
		}
		line += p.lines
		at = p.end
		good = append(good, p)
	}
	return good, nil
}

package csv

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"github.com/pluvia-ml/pluvia/table"
)

const head = "day,shop,sales,staff\n"

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in    string
		opts  Options
		parts []string // of the error
	}{
		"empty":             {"", Options{}, []string{"the file is empty", "must begin with a header"}},
		"empty lines":       {"\n\n\r\n", Options{}, []string{"the file is empty"}},
		"only a mark":       {"\ufeff", Options{}, []string{"the file is empty"}},
		"header only":       {head, Options{}, []string{"a header but no rows", "; give it"}},
		"missing columns":   {"day,shop\n", Options{}, []string{`no column "sales", "staff"`, `it names "day", "shop"`, "; add what is missing"}},
		"twice":             {"day,shop,sales,staff,day\n", Options{}, []string{`more than one column "day"`, "; keep one"}},
		"twice and missing": {"day,day\n", Options{}, []string{`no column "shop", "sales", "staff"`, `more than one column "day"`, "; add what is missing", ", and keep one"}},
		"strict":            {"day,shop,sales,staff,x\n", Options{Strict: true}, []string{`columns that the schema does not have: "x"`, "; leave out"}},
		"semicolons":        {"day;shop;sales;staff\n1;2;3;4\n", Options{}, []string{"separated by another character"}},
		"UTF-16":            {"\xff\xfed\x00a\x00", Options{}, []string{"UTF-16", "save it as UTF-8"}},
		"UTF-16, no mark":   {"d\x00a\x00y\x00\n\x00", Options{}, []string{"NUL byte", "UTF-16"}},
		"Parquet":           {"PAR1....", Options{}, []string{"Parquet, not CSV"}},
		"spreadsheet":       {"PK\x03\x04....", Options{}, []string{"spreadsheet"}},
		"old Mac":           {"day,shop,sales,staff\r2020-01-01,north,1,1\r", Options{}, []string{"carriage return"}},
		"open quote":        {head + "2020-01-01,north,1,1\n2020-01-01,\"north,1,1\n2020-01-02,north,1,1\n", Options{}, []string{"line 3", "column 2", "not closed"}},
		"long header":       {strings.Repeat("x", MaxRow+1), Options{}, []string{"the header is longer", "; leave out"}},
		"long row":          {head + "2020-01-01,north,1,1\n" + strings.Repeat("x,", MaxRow), Options{}, []string{"line 3", "longer than 1048576 bytes", "; look for"}},
		"many columns":      {strings.Repeat(",", 10_001) + "\n", Options{}, []string{"10002 columns", "; leave out"}},
		"ten million":       {strings.Repeat("x,", 10_000_000) + "\n", Options{}, []string{"the header is longer"}},
		"too large":         {head + "2020-01-01,north,1,1\n", Options{MaxBytes: 30}, []string{"more than the 30 bytes"}},
		"separator":         {head, Options{Comma: '"'}, []string{"cannot separate cells"}},
		"bad header":        {"day,\"shop\"x\n1,2\n", Options{}, []string{"the header cannot be read", "; quote"}},
	} {
		for _, chunk := range []int{0, 9} {
			c.opts.chunk = chunk
			got, report, err := Read(t.Context(), strings.NewReader(c.in), shop, c.opts)
			if got != nil || report != nil || err == nil {
				t.Errorf("%s: not refused", name)
				continue
			}
			for _, part := range c.parts {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s: %q is not in %.300q", name, part, err)
				}
			}
			if len(err.Error()) > 4000 {
				t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
			}
			var refused *table.InputError
			if !errors.As(err, &refused) && name != "separator" {
				t.Errorf("%s: %T is no InputError", name, err)
			}
		}
	}
}

func TestCompressed(t *testing.T) {
	t.Parallel()
	plain := head + strings.Repeat("2020-01-01,north,1,1\n", 1) + strings.Repeat("2020-01-02,x,1,1\n", 3000)
	var zipped, zstandard bytes.Buffer
	z := gzip.NewWriter(&zipped)
	io.WriteString(z, plain)
	z.Close()
	e, err := zstd.NewWriter(&zstandard)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(e, plain)
	e.Close()
	want := outcome([]byte(plain), shop, Options{})
	for name, file := range map[string][]byte{"gzip": zipped.Bytes(), "zstd": zstandard.Bytes()} {
		got, report, err := Read(t.Context(), iotest.OneByteReader(bytes.NewReader(file)), shop, Options{})
		if err != nil || got.Rows() != 1 || report.Read != 3001 {
			t.Errorf("%s: %v %v, want %.100s", name, got, err, want)
		}
		for size := range len(file) {
			if size < 4 {
				continue // too short to be known as compressed
			}
			_, _, err := Read(t.Context(), bytes.NewReader(file[:size]), shop, Options{})
			var refused *table.InputError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "fetch it again") {
				t.Fatalf("%s cut to %d of %d bytes: %v", name, size, len(file), err)
			}
		}
		_, _, err = Read(t.Context(), bytes.NewReader(file[:len(file)-6]), shop, Options{})
		if err == nil || !strings.Contains(err.Error(), "bytes") {
			t.Errorf("%s: %v does not say where", name, err)
		}
		// A bomb: more comes out than is allowed.
		_, _, err = Read(t.Context(), bytes.NewReader(file), shop, Options{MaxBytes: 1000})
		if !errors.Is(err, table.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSourceErrors(t *testing.T) {
	t.Parallel()
	// An error of the disk is none of the file.
	broken := errors.New("disk on fire")
	_, _, err := Read(t.Context(), io.MultiReader(strings.NewReader(head), iotest.ErrReader(broken)), shop, Options{})
	var refused *table.InputError
	if !errors.Is(err, broken) || errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Read(ctx, strings.NewReader(head), shop, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var seen []int64
	file := head + strings.Repeat("2020-01-01,north,1,1\n", 1000)
	_, report, err := Read(t.Context(), strings.NewReader(file), shop, Options{chunk: 100, Progress: func(done, total int64) {
		if total != int64(len(file)-len(head)) {
			t.Errorf("total %d", total)
		}
		seen = append(seen, done)
	}})
	if err != nil || report.Kept != 1 {
		t.Error(report, err)
	}
	if len(seen) < 100 || !slices.IsSorted(seen) || seen[len(seen)-1] != int64(len(file)-len(head)) {
		t.Errorf("%v", seen)
	}
}

func TestSeparator(t *testing.T) {
	t.Parallel()
	got, _, err := Read(t.Context(), strings.NewReader("day;shop;sales;staff\n2020-01-01;north;1;2\n"), shop, Options{Comma: ';'})
	if err != nil || texts(got) != "2020-01-01|north|1|2\n" {
		t.Errorf("%v %v", got, err)
	}
}

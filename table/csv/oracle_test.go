package csv

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia/table"
)

// outcome is all that reading gives, as text.
func outcome(data []byte, s *table.Schema, opts Options) string {
	t, report, err := Parse(context.Background(), data, s, opts)
	if err != nil {
		return err.Error()
	}
	return texts(t) + fmt.Sprintf("%+v", *report)
}

// oracle reads with encoding/csv and a Builder, row by row. It gives up, with
// ok false, where encoding/csv does.
func oracle(data []byte, s *table.Schema) (rows string, ok bool) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return "", false
	}
	b := table.NewBuilder(s, 1)
	for {
		cells, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", false
		}
		whole := len(cells) == len(header)
		for i, name := range header {
			if field := s.Field(name); field >= 0 && i < len(cells) {
				b.Text(field, []byte(cells[i]))
			}
		}
		for _, cell := range cells {
			whole = whole && utf8.ValidString(cell) && !strings.Contains(cell, "\x00")
		}
		if !whole || slices.Equal(cells, header) {
			b.Fault(table.Fault{})
		}
		b.EndRow()
	}
	t, report := table.Join([]*table.Builder{b}, nil)
	return texts(t) + fmt.Sprint(report.Read, report.Kept), true
}

// check compares with the oracle, and a reading in small chunks with one in a single chunk.
func check(t *testing.T, data []byte, chunk int) {
	t.Helper()
	whole := outcome(data, shop, Options{chunk: 1 << 30})
	if parts := outcome(data, shop, Options{chunk: chunk}); parts != whole {
		t.Errorf("%q in chunks of %d:\n%s\nwhole:\n%s", data, chunk, parts, whole)
	}
	got, report, err := Parse(context.Background(), data, shop, Options{})
	if err != nil {
		return
	}
	want, ok := oracle(data, shop)
	if rows := texts(got) + fmt.Sprint(report.Read, report.Kept); ok && rows != want {
		t.Errorf("%q:\n%s\nencoding/csv:\n%s", data, rows, want)
	}
}

// TestOracle reads files made of the pieces that make trouble.
func TestOracle(t *testing.T) {
	t.Parallel()
	pieces := []string{"day,shop,sales,staff", "2020-01-01", "2020-01-02", "north", "south", "1", "2.5", "NA", ",", ",", ",", ",", "\n", "\n", "\r\n", "\"", "\"\"", "\"two\nlines\"",
		"\"two\r\nlines\"", "2020-01-03,\"north\",1,2\n", "2020-01-04,\"two\nlines\",1,2\n", "2020-01-05,south,,\r\n", "\r", "\xff", "\x00", "Zürich"}
	rng := rand.New(rand.NewPCG(1, 9))
	for range 8_000 {
		file := []byte("day,shop,sales,staff\n")
		for range rng.IntN(25) {
			file = append(file, pieces[rng.IntN(len(pieces))]...)
		}
		check(t, file, 1+rng.IntN(40))
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"day,shop,sales,staff\n2020-01-01,north,1.5,3\n",
		"\ufeffstaff,shop,sales,day\r\n1,\"two\r\nlines\",1e3,2020-01-01\r\n\r\n1,\"the \"\"old\"\" one\",,2020-01-01",
		"day,shop,sales,staff\n2020-01-01,\"north\n2020-01-02,south,1,1\n",
		"day,shop,sales,staff\n2020-01-01,no\"rth\n\"x\"y\nday,shop,sales,staff\n",
		"day;shop\n", "", "\n", "\"", "\xff\xfed\x00",
	} {
		f.Add([]byte(seed), uint8(5))
	}
	f.Fuzz(func(t *testing.T, data []byte, chunk uint8) { check(t, data, 1+int(chunk)) })
}

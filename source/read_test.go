package source

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/csv"
	"github.com/pluvia-ml/pluvia/table/parquet"
)

var schema = &table.Schema{
	Fields: []table.Field{
		{Name: "day", Type: table.TypeDate, Required: true},
		{Name: "place", Type: table.TypeCategory, Categories: []string{"A", "B"}},
		{Name: "value", Type: table.TypeNumber},
	},
	Key: []string{"day", "place"},
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

func zstded(t *testing.T, text string) string {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(text), nil))
}

// folder writes files to a new directory.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func parqueted(t *testing.T, days []table.Day, place []int32, values []float64) string {
	t.Helper()
	var b bytes.Buffer
	x := table.New(table.Dates("day", days), table.Categories("place", place, []string{"A", "B"}), table.Numbers("value", values))
	if err := parquet.Write(&b, x); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// rows are a table's values of the column called value.
func values(t *table.Table) []float64 { return t.Column("value").Numbers }

func TestDirectory(t *testing.T) {
	t.Parallel()
	const header = "day,place,value\n"
	dir := folder(t, map[string]string{
		"a.csv":     header + "2020-01-01,A,1\n2020-01-01,B,2\n",
		"b.CSV.gz":  gzipped("value,more,day,place\n3,x,2020-01-02,A\noops,x,2020-01-02,B\n"),
		"c.csv.zst": zstded(t, header+"2020-01-03,A,4\n2020-01-01,A,9\n"),
		"d.parquet": parqueted(t, []table.Day{table.NewDay(2020, 1, 4), table.NewDay(2020, 1, 4)}, []int32{1, 1}, []float64{5, 6}),
		".hidden":   "nothing",
		"notes.txt": "nothing",
	})
	if err := os.Mkdir(filepath.Join(dir, "e.csv"), 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), dir, "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range s.Files {
		names = append(names, f.Name)
	}
	if want := []string{"a.csv", "b.CSV.gz", "c.csv.zst", "d.parquet"}; !slices.Equal(names, want) {
		t.Errorf("files are %q, want %q", names, want)
	}
	x, report, err := s.Read(t.Context(), schema, csv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := values(x), []float64{1, 2, 3, 4, 5}; !slices.Equal(got, want) {
		t.Errorf("values are %v, want %v", got, want)
	}
	if report.Read != 8 || report.Kept != 5 || report.FaultCount != 3 || !slices.Equal(report.Ignored, []string{"more"}) {
		t.Errorf("report is %+v", report)
	}
	var faults strings.Builder
	for _, f := range report.Faults {
		faults.WriteString(f.Error() + "\n")
	}
	for _, want := range []string{
		`b.CSV.gz, line 3, column value: "oops": must be`,
		`d.parquet, row 8, column day, place: "2020-01-04, B": must be the only row of its key`,
		`c.csv.zst, row 5, column day, place: "2020-01-01, A": must be the only row of its key; a.csv has it already`,
	} {
		if !strings.Contains(faults.String(), want) {
			t.Errorf("no fault says %q:\n%s", want, &faults)
		}
	}
	var rejected strings.Builder
	if err := report.Write(&rejected); err != nil {
		t.Fatal(err)
	}
	if want := "file,line,row,column,value,rule\nb.CSV.gz,3,4,value,oops,"; !strings.HasPrefix(rejected.String(), want) {
		t.Errorf("the report on the rejected rows is\n%s, want %q", &rejected, want)
	}
}

// One file and the same rows in several give the same table.
func TestSplitFilesAreOneTable(t *testing.T) {
	t.Parallel()
	const header, first, second = "day,place,value\n", "2020-01-01,A,1\n2020-01-01,B,\n", "2020-01-02,,3\n2020-01-03,B,4\n"
	one, err := Open(t.Context(), filepath.Join(folder(t, map[string]string{"x.csv": header + first + second}), "x.csv"), "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	many, err := Open(t.Context(), folder(t, map[string]string{"1.csv": header + first, "2.csv": header + second}), "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, _, err := one.Read(t.Context(), schema, csv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := many.Read(t.Context(), schema, csv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if a.Rows() != b.Rows() {
		t.Fatalf("%d rows and %d", a.Rows(), b.Rows())
	}
	for i, c := range a.Columns() {
		for row := range a.Rows() {
			if got, want := b.Columns()[i].Text(row), c.Text(row); got != want {
				t.Errorf("%s, row %d: %q, want %q", c.Name, row, got, want)
			}
		}
	}
	if one.Digest == many.Digest {
		t.Error("other files have the same digest")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	big := folder(t, map[string]string{"a.csv": "12345678", "b.csv": "12345678"})
	ring := filepath.Join(t.TempDir(), "ring.csv")
	if err := os.Symlink(ring, ring); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spec    string
		code    pluvia.Code
		message string
	}{
		"nothing there":   {filepath.Join(t.TempDir(), "x.csv"), pluvia.NotFound, "no such file or directory; check the path"},
		"empty directory": {t.TempDir(), pluvia.Invalid, "must have files that end in .csv, .csv.gz, .csv.zst, .parquet"},
		"no snapshot":     {"", pluvia.Invalid, "ships no data set"},
		"other scheme":    {"ftp://ada:s3cret@host/x.csv?s3cret", pluvia.Invalid, "source ftp://host/x.csv: must be"},
		"file scheme":     {"file:///etc/passwd", pluvia.Invalid, "must be a file, a directory, or http"},
		"no host":         {"http:///x.csv", pluvia.Invalid, "must be"},
		"no URL":          {"http://ada:s3cret@[::1/x.csv", pluvia.Invalid, "not a URL"},
		"no keep":         {"http://localhost/x.csv", pluvia.Invalid, "needs a directory"},
		"no file":         {os.DevNull, pluvia.Invalid, "must be a regular file"},
		"too large":       {big, pluvia.TooLarge, "10 bytes allowed"},
		"links in a ring": {ring, pluvia.Invalid, "source " + ring + ": too many levels"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(t.Context(), c.spec, "", Options{MaxBytes: 10})
			if err == nil || pluvia.ErrorCode(err) != c.code || !strings.Contains(err.Error(), c.message) {
				t.Errorf("error is %v (%s), want %q (%s)", err, pluvia.ErrorCode(err), c.message, c.code)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

// A file that is too large is refused by its size, not after it has been read:
// this one would take an hour.
func TestOpenRefusesBeforeReading(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "holes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(1 << 40); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("no sparse files here: ", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := Open(ctx, f.Name(), "", Options{}); pluvia.ErrorCode(err) != pluvia.TooLarge {
		t.Errorf("error is %v, want one with the code %s", err, pluvia.TooLarge)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	good := "day,place,value\n2020-01-01,A,1\n"
	for name, c := range map[string]struct {
		files   map[string]string
		message string
	}{
		"empty":          {map[string]string{"a.csv": ""}, "a.csv: "},
		"no column":      {map[string]string{"a.csv": good, "b.csv": "day,place\n2020-01-01,A\n"}, "b.csv: "},
		"damaged gzip":   {map[string]string{"a.csv.gz": gzipped(good)[:20]}, "a.csv.gz: "},
		"damaged zstd":   {map[string]string{"a.csv.zst": zstded(t, strings.Repeat(good, 100))[:30]}, "a.csv.zst: "},
		"broken parquet": {map[string]string{"a.parquet": "PAR1 and no more"}, "a.parquet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Open(t.Context(), folder(t, c.files), "", Options{})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = s.Read(t.Context(), schema, csv.Options{})
			if err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("error is %v, want %q", err, c.message)
			}
			var input *table.InputError
			if !errors.As(err, &input) {
				t.Errorf("%v is no InputError", err)
			}
		})
	}
}

// A file that is written to between Open and Read is not taken for what it was.
func TestChangedFileIsNoticed(t *testing.T) {
	t.Parallel()
	for name, text := range map[string][2]string{
		"x.csv":     {"day,place,value\n2020-01-01,A,1\n", "day,place,value\n2020-01-01,A,2\n"},
		"x.parquet": {parqueted(t, []table.Day{1}, []int32{0}, []float64{1}), parqueted(t, []table.Day{1}, []int32{0}, []float64{2})},
	} {
		path := filepath.Join(folder(t, map[string]string{name: text[0]}), name)
		s, err := Open(t.Context(), path, "", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text[1]), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Read(t.Context(), schema, csv.Options{}); pluvia.ErrorCode(err) != pluvia.Conflict {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	text := "day,place,value\n2020-01-01,A,1\n"
	p := &project.Project{
		Name:   "test",
		Source: project.Source{Snapshot: "x.csv.zst", Name: "x.csv", SHA256: sumOf([]byte(text)), Rows: 1},
		Files:  fstest.MapFS{"x.csv.zst": {Data: []byte(zstded(t, text))}},
	}
	s, err := Open(t.Context(), "", "", Options{Project: p})
	if err != nil {
		t.Fatal(err)
	}
	x, _, err := s.Read(t.Context(), schema, csv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if x.Rows() != 1 || s.Digest != p.Source.SHA256 || s.Name != "x.csv" || s.URI != "embedded:test/x.csv" {
		t.Errorf("%d rows of %+v", x.Rows(), s)
	}

	p.Files = fstest.MapFS{"x.csv.zst": {Data: []byte(zstded(t, text+"2020-01-02,A,1\n"))}}
	if s, err = Open(t.Context(), "", "", Options{Project: p}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Read(t.Context(), schema, csv.Options{}); pluvia.ErrorCode(err) != pluvia.Conflict {
		t.Errorf("another snapshot was taken: %v", err)
	}
}

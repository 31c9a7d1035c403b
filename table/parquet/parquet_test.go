package parquet

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
)

// features is a table like those behind a recipe: standardised numbers, few
// of which are distinct.
func features(rows, columns int) *table.Table {
	rng := rand.New(rand.NewPCG(1, uint64(rows)))
	all := make([]*table.Column, columns)
	for i := range all {
		values := make([]float64, rows)
		for row := range values {
			values[row] = (float64(rng.IntN(20+40*i)) - 13.37) / 7.3
		}
		all[i] = table.Numbers(string(rune('A'+i%26))+string(rune('a'+i/26)), values)
	}
	return table.New(all...)
}

func BenchmarkWrite(b *testing.B) {
	t := features(142_000, 28)
	var out bytes.Buffer
	for b.Loop() {
		out.Reset()
		if err := Write(io.Writer(&out), t); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(out.Len())/1e6, "MB")
}

func BenchmarkRead(b *testing.B) {
	t := features(142_000, 28)
	s := &table.Schema{}
	for _, name := range t.Names() {
		s.Fields = append(s.Fields, table.Field{Name: name, Type: table.TypeNumber})
	}
	var file bytes.Buffer
	if err := Write(&file, t); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		got, _, err := Read(bytes.NewReader(file.Bytes()), int64(file.Len()), s)
		if err != nil || got.Rows() != t.Rows() {
			b.Fatal(got, err)
		}
	}
}

func bound(v float64) *float64 { return &v }

var shop = &table.Schema{
	Fields: []table.Field{
		{Name: "day", Type: table.TypeDate, Earliest: "2020-01-01", Required: true},
		{Name: "shop", Type: table.TypeCategory, Categories: []string{"north", "south", "Zürich"}},
		{Name: "sales", Type: table.TypeNumber, Min: bound(0)},
		{Name: "staff", Type: table.TypeInteger},
	},
	Key: []string{"day", "shop"},
}

func shops(rows int, seed uint64) *table.Table {
	rng := rand.New(rand.NewPCG(seed, 1))
	days, codes := make([]table.Day, rows), make([]int32, rows)
	sales, staff := make([]float64, rows), make([]float64, rows)
	for i := range rows {
		days[i] = table.NewDay(2020, 1, 1+i)
		codes[i] = int32(rng.IntN(4)) - 1
		sales[i] = rng.Float64() * 1e4
		staff[i] = float64(rng.IntN(30))
		if rng.IntN(5) == 0 {
			sales[i] = table.Missing
		}
	}
	return table.New(table.Dates("day", days), table.Categories("shop", codes, shop.Fields[1].Categories), table.Numbers("sales", sales), table.Numbers("staff", staff))
}

func same(a, b *table.Table) bool {
	if a.Rows() != b.Rows() || !slices.Equal(a.Names(), b.Names()) {
		return false
	}
	for i, c := range a.Columns() {
		for row := range c.Len() {
			if c.Text(row) != b.Columns()[i].Text(row) {
				return false
			}
		}
	}
	return true
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{0, 1, 2, 511, 512, 513, 1023, 1024, 1025, 16384, 16385, 40_000} {
		want := shops(rows, uint64(rows))
		var first, second bytes.Buffer
		if err := Write(&first, want); err != nil {
			t.Fatal(err)
		}
		if err := Write(&second, want); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%d rows: the same table gave other bytes", rows)
		}
		got, report, err := Read(bytes.NewReader(first.Bytes()), int64(first.Len()), shop)
		if err != nil {
			t.Fatalf("%d rows: %v", rows, err)
		}
		if !same(got, want) || report.Read != rows || report.Kept != rows {
			t.Errorf("%d rows: %d came back, report %+v", rows, got.Rows(), report)
		}
	}
}

func TestReadChecks(t *testing.T) {
	t.Parallel()
	// The same columns in another order, one too many, and a bad value of each kind.
	levels := []string{"north", "nort"}
	in := table.New(
		table.Numbers("staff", []float64{1, 1.5, 1, 1}),
		table.Numbers("other", []float64{1, 1, 1, 1}),
		table.Categories("shop", []int32{0, 1, 0, 0}, levels),
		table.Numbers("sales", []float64{1, -1, table.Missing, 3}),
		table.Dates("day", []table.Day{table.NewDay(2020, 1, 1), table.NewDay(2019, 1, 1), table.MissingDay, table.NewDay(2020, 1, 1)}),
	)
	var file bytes.Buffer
	if err := Write(&file, in); err != nil {
		t.Fatal(err)
	}
	got, report, err := Read(bytes.NewReader(file.Bytes()), int64(file.Len()), shop)
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	for _, f := range report.Faults {
		faults = append(faults, f.Error())
	}
	want := []string{
		`row 2, column day: "2019-01-01": must be a date of the calendar, written YYYY-MM-DD, at least 2020-01-01`,
		`row 2, column shop: "nort": must be one of north, south, Zürich`,
		`row 2, column sales: "-1": must be a number, at least 0`,
		`row 2, column staff: "1.5": must be an integer`,
		`row 3, column day: "": must be present; it is a date of the calendar, written YYYY-MM-DD, at least 2020-01-01`,
		`row 4, column day, shop: "2020-01-01, north": must be the only row of its key; row 1 has it already`,
	}
	if !slices.Equal(faults, want) {
		t.Errorf("faults:\n%s\nwant:\n%s", strings.Join(faults, "\n"), strings.Join(want, "\n"))
	}
	if got.Rows() != 1 || !slices.Equal(report.Ignored, []string{"other"}) {
		t.Errorf("%d rows, ignored %q", got.Rows(), report.Ignored)
	}

	_, _, err = Read(bytes.NewReader(file.Bytes()), int64(file.Len()), &table.Schema{Fields: []table.Field{
		{Name: "shop", Type: table.TypeDate}, {Name: "day", Type: table.TypeNumber}, {Name: "nobody", Type: table.TypeNumber},
	}})
	var refused *table.InputError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), `column "day" is of type`) || !strings.Contains(err.Error(), `no column "nobody"`) {
		t.Errorf("wrong types: %v", err)
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	if err := Write(&file, shops(300, 1)); err != nil {
		t.Fatal(err)
	}
	read := func(data []byte) error {
		_, _, err := Read(bytes.NewReader(data), int64(len(data)), shop)
		return err
	}
	for size := range file.Len() {
		var refused *table.InputError
		if err := read(file.Bytes()[:size]); !errors.As(err, &refused) {
			t.Fatalf("cut to %d bytes: %v", size, err)
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 3000 { // must not panic, whatever it finds
		data := bytes.Clone(file.Bytes())
		for range 1 + rng.IntN(3) {
			data[rng.IntN(len(data))] = byte(rng.Uint32())
		}
		read(data)
	}
}

func FuzzRead(f *testing.F) {
	for _, rows := range []int{0, 1, 5, 300} {
		var file bytes.Buffer
		if err := Write(&file, shops(rows, 1)); err != nil {
			f.Fatal(err)
		}
		f.Add(file.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, report, err := Read(bytes.NewReader(data), int64(len(data)), shop)
		if err == nil && got.Rows() != report.Kept {
			t.Errorf("%d rows, %d kept", got.Rows(), report.Kept)
		}
	})
}

// TestPeers reads what polars and pandas have written; testdata/peers.py made it.
func TestPeers(t *testing.T) {
	t.Parallel()
	for file, tenth := range map[string]float64{"polars": 0.1, "pandas": float64(float32(0.1))} {
		data, err := os.ReadFile("testdata/" + file + ".parquet")
		if err != nil {
			t.Fatal(err)
		}
		got, report, err := Read(bytes.NewReader(data), int64(len(data)), shop)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		want := table.New(
			table.Dates("day", []table.Day{table.NewDay(2020, 1, 1), table.NewDay(2020, 1, 2), table.NewDay(2020, 1, 3)}),
			table.Categories("shop", []int32{0, -1, 2}, shop.Fields[1].Categories),
			table.Numbers("sales", []float64{1.5, table.Missing, tenth}),
			table.Numbers("staff", []float64{1, 2, 3}),
		)
		if !same(got, want) || !slices.Equal(report.Ignored, []string{"other"}) {
			t.Errorf("%s: %v, %+v", file, got.Columns(), report)
		}
	}
	if path := os.Getenv("PLUVIA_PARQUET"); path != "" {
		var file bytes.Buffer
		if err := Write(&file, shops(5000, 1)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNamesAndNothing(t *testing.T) {
	t.Parallel()
	names := []string{"b.c", "a", "with, comma", "ü \"q\"", "list"}
	var columns []*table.Column
	s := &table.Schema{}
	for i, name := range names {
		columns = append(columns, table.Numbers(name, []float64{float64(i)}))
		s.Fields = append(s.Fields, table.Field{Name: name, Type: table.TypeNumber})
	}
	var file bytes.Buffer
	if err := Write(&file, table.New(columns...)); err != nil {
		t.Fatal(err)
	}
	got, _, err := Read(bytes.NewReader(file.Bytes()), int64(file.Len()), s)
	if err != nil || !same(got, table.New(columns...)) {
		t.Errorf("%v, %v", got, err)
	}
	if err := Write(io.Discard, table.New()); err == nil || !strings.Contains(err.Error(), "no columns") {
		t.Errorf("a table of nothing: %v", err)
	}
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v, second int64
		want      string
	}{
		{0, 1e9, "1970-01-01"},
		{-86400 * 1e3, 1e3, "1969-12-31"},
		{1577836800 * 1e6, 1e6, "2020-01-01"},
		{1577836800*1e6 + 1, 1e6, "2020-01-01T00:00:00.000001Z"},
		{-1, 1e9, "1969-12-31T23:59:59.999999999Z"},
	} {
		if got := string(timestamp(c.v, c.second)); got != c.want {
			t.Errorf("%d: %s, want %s", c.v, got, c.want)
		}
	}
}

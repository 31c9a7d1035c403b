package csv

import (
	"bytes"
	"encoding/csv"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
)

// shops is a table with every kind of value that is hard to write.
func shops(rows int) *table.Table {
	rng := rand.New(rand.NewPCG(7, uint64(rows)))
	days, codes := make([]table.Day, rows), make([]int32, rows)
	sales, staff := make([]float64, rows), make([]float64, rows)
	for i := range rows {
		days[i] = table.NewDay(2020, 1, 1+i)
		codes[i] = int32(rng.IntN(len(shop.Fields[1].Categories)))
		sales[i] = math.Ldexp(rng.Float64(), rng.IntN(40)-20)
		staff[i] = float64(rng.IntN(1000) - 500)
		if rng.IntN(4) == 0 {
			sales[i], staff[i] = table.Missing, table.Missing
		}
	}
	return table.New(table.Dates("day", days), table.Categories("shop", codes, shop.Fields[1].Categories), table.Numbers("sales", sales), table.Numbers("staff", staff))
}

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 2, 100, 8191, 8192, 8193, 40_000} {
		for _, missing := range []string{"", "NA"} {
			want := shops(rows)
			var file bytes.Buffer
			if err := WriteMissing(&file, want, missing); err != nil {
				t.Fatal(err)
			}
			// encoding/csv finds the same cells.
			r := csv.NewReader(bytes.NewReader(file.Bytes()))
			if _, err := r.Read(); err != nil {
				t.Fatal(err)
			}
			for row := range rows {
				cells, err := r.Read()
				if err != nil {
					t.Fatal(err)
				}
				for i, c := range want.Columns() {
					text := c.Text(row)
					if c.Missing(row) {
						text = missing
					}
					if cells[i] != text {
						t.Fatalf("row %d, column %s: %q, want %q", row, c.Name, cells[i], text)
					}
				}
			}
			got, _, err := Read(t.Context(), &file, shop, Options{chunk: 1000})
			if err != nil {
				t.Fatal(err)
			}
			if texts(got) != texts(want) {
				t.Errorf("%d rows: another table came back", rows)
			}
		}
	}
}

func TestWriteOneColumn(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	want := table.New(table.Numbers("v", []float64{1, table.Missing, 3}))
	if err := Write(&file, want); err != nil {
		t.Fatal(err)
	}
	got, _, err := Read(t.Context(), &file, &table.Schema{Fields: []table.Field{{Name: "v", Type: table.TypeNumber}}}, Options{})
	if err != nil || texts(got) != texts(want) {
		t.Errorf("%v, %v", got, err)
	}
}

func BenchmarkWrite(b *testing.B) {
	columns := make([]*table.Column, 28)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range columns {
		values := make([]float64, 142_000)
		for row := range values {
			values[row] = (float64(rng.IntN(400)) - 13.37) / 7.3
		}
		columns[i] = table.Numbers(strconv.Itoa(i), values)
	}
	t := table.New(columns...)
	for b.Loop() {
		if err := Write(io.Discard, t); err != nil {
			b.Fatal(err)
		}
	}
}

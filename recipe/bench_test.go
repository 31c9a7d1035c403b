package recipe

import (
	"math/rand/v2"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
)

// weather is a table in the shape of ten years of 49 stations, and a recipe that
// does with it what a course would: 28 standardised numbers.
func weather() ([]table.Field, *table.Table, Recipe) {
	const rows = 142_193
	r := rand.New(rand.NewPCG(9, 9))
	category := func(name string, n int) (table.Field, *table.Column) {
		categories, codes := make([]string, n), make([]int32, rows)
		for i := range categories {
			categories[i] = string(rune('A'+i/26)) + string(rune('A'+i%26))
		}
		for i := range codes {
			codes[i] = int32(r.IntN(n+1)) - 1
		}
		return table.Field{Name: name, Type: table.TypeCategory, Categories: categories}, table.Categories(name, codes, categories)
	}
	days := make([]table.Day, rows)
	for i := range days {
		days[i] = table.Day(14_000 + i%3500)
	}
	fields, columns := []table.Field{{Name: "day", Type: table.TypeDate}}, []*table.Column{table.Dates("day", days)}
	values := make(map[string][]float64)
	for _, c := range []struct {
		name string
		n    int
	}{{"place", 49}, {"wind1", 16}, {"wind2", 16}, {"wind3", 16}, {"wet", 2}} {
		f, column := category(c.name, c.n)
		fields, columns = append(fields, f), append(columns, column)
	}
	for _, place := range fields[1].Categories {
		values[place] = []float64{r.Float64(), r.Float64()}
	}
	for i := range 16 {
		x := make([]float64, rows)
		for k := range x {
			x[k] = float64(int(200+60*r.NormFloat64())) / 10
			if r.IntN(10) == 0 {
				x[k] = table.Missing
			}
		}
		name := "x" + string(rune('a'+i))
		fields, columns = append(fields, plain(name)), append(columns, table.Numbers(name, x))
	}
	winds := []string{"wind1", "wind2", "wind3"}
	return fields, table.New(columns...), Recipe{
		&Clip{},
		&DateParts{Column: "day", Year: "year", Month: "month", Day: "of_month"},
		&Indicator{Columns: []string{"wet"}, Value: fields[5].Categories[1]},
		&FillMode{Columns: winds, Within: []string{"month", "place"}},
		&FillMode{Columns: winds, Within: []string{"month"}},
		&Lookup{Column: "place", Into: []string{"lat", "lon"}, Values: values},
		&Compass{Columns: winds},
		&FillMedian{},
		&Standardise{},
	}
}

func BenchmarkFit(b *testing.B) {
	fields, in, r := weather()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Fit(fields, in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	fields, in, r := weather()
	f, err := r.Fit(fields, in)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Apply(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkApplyRow(b *testing.B) {
	fields, in, r := weather()
	f, err := r.Fit(fields, in.Take([]int{1, 2, 3, 4, 5, 6, 7, 8, 9}))
	if err != nil {
		b.Fatal(err)
	}
	src, dst := make([]float64, len(fields)), make([]float64, len(f.Output()))
	observation(src, fields, in, 77)
	b.ReportAllocs()
	for b.Loop() {
		f.ApplyRow(dst, src)
	}
}

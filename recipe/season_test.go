package recipe

import (
	"math"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia/table"
)

func TestSeason(t *testing.T) {
	t.Parallel()
	fields := []table.Field{{Name: "day", Type: table.TypeDate}}
	days := []table.Day{table.MissingDay}
	for day := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC); day.Year() < 2030; day = day.AddDate(0, 0, 13) {
		days = append(days, table.NewDay(day.Year(), int(day.Month()), day.Day()))
	}
	in := table.New(table.Dates("day", days))
	f, err := Recipe{&Season{Column: "day"}}.Fit(fields, in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.Apply(in)
	if err != nil {
		t.Fatal(err)
	}
	sine, cosine := out.Column("day_sin"), out.Column("day_cos")
	if !sine.Missing(0) || !cosine.Missing(0) {
		t.Errorf("a missing date has %v, %v", sine.Text(0), cosine.Text(0))
	}
	for i, day := range days[1:] {
		year, month, date := day.Date()
		angle := 2 * math.Pi * float64(time.Date(year, time.Month(month), date, 0, 0, 0, 0, time.UTC).YearDay()) / 365.25
		if s, c := math.Sincos(angle); !near(sine.Numbers[i+1], s, 1e-14) || !near(cosine.Numbers[i+1], c, 1e-14) {
			t.Fatalf("%s: %v, %v, want %v, %v", day, sine.Numbers[i+1], cosine.Numbers[i+1], s, c)
		}
	}
}

package boost

import (
	"cmp"
	"context"
	"encoding/csv"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/table"
)

// real is the matrix of bench/learn: ten years of observations with their
// missing values, those to 2015-06-30 to train on and those after it to test on.
type real struct{ train, test learn.Labelled }

// loadReal reads the snapshot that ships with the project, or the CSV that
// PLUVIA_BENCH_CSV names.
func loadReal(tb testing.TB) real {
	path := cmp.Or(os.Getenv("PLUVIA_BENCH_CSV"), "../../project/rain/weatherAUS.csv.zst")
	open, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer open.Close()
	var file io.Reader = open
	if strings.HasSuffix(path, ".zst") {
		packed, err := zstd.NewReader(open)
		if err != nil {
			tb.Fatal(err)
		}
		defer packed.Close()
		file = packed
	}
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range lines[0] {
		at[name] = i
	}
	lines = lines[1:]
	number := func(text string) float64 {
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			return v
		}
		return math.NaN()
	}
	var columns []*table.Column
	add := func(name string, value func(line []string) float64) {
		values := make([]float64, len(lines))
		for i, line := range lines {
			values[i] = value(line)
		}
		columns = append(columns, table.Numbers(name, values))
	}
	for _, name := range []string{
		"MinTemp", "MaxTemp", "Rainfall", "Evaporation", "Sunshine", "WindGustSpeed", "WindSpeed9am", "WindSpeed3pm", "Humidity9am",
		"Humidity3pm", "Pressure9am", "Pressure3pm", "Cloud9am", "Cloud3pm", "Temp9am", "Temp3pm",
	} {
		add(name, func(line []string) float64 { return number(line[at[name]]) })
	}
	circle := []struct {
		suffix string
		of     func(float64) float64
	}{{"_sin", math.Sin}, {"_cos", math.Cos}}
	angle := map[string]float64{}
	for i, d := range []string{"N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"} {
		angle[d] = float64(i) * math.Pi / 8
	}
	for _, name := range []string{"WindGustDir", "WindDir9am", "WindDir3pm"} {
		for _, f := range circle {
			add(name+f.suffix, func(line []string) float64 {
				if a, ok := angle[line[at[name]]]; ok {
					return f.of(a)
				}
				return math.NaN()
			})
		}
	}
	add("RainToday", func(line []string) float64 {
		switch line[at["RainToday"]] {
		case "Yes":
			return 1
		case "No":
			return 0
		}
		return math.NaN()
	})
	for _, f := range circle {
		add("doy"+f.suffix, func(line []string) float64 {
			day, err := time.Parse(time.DateOnly, line[at["Date"]])
			if err != nil {
				tb.Fatal(err)
			}
			return f.of(2 * math.Pi * float64(day.YearDay()) / 365.25)
		})
	}
	places := map[string]float64{}
	for _, line := range lines {
		places[line[at["Location"]]] = 0
	}
	for a := range places {
		for b := range places {
			if b < a {
				places[a]++
			}
		}
	}
	add("Location", func(line []string) float64 { return places[line[at["Location"]]] })

	all := table.New(columns...)
	var out real
	var train, test []int
	for i, line := range lines {
		if line[at["Date"]] <= "2015-06-30" {
			train = append(train, i)
			out.train.Y = append(out.train.Y, line[at["RainTomorrow"]] == "Yes")
		} else {
			test = append(test, i)
			out.test.Y = append(out.test.Y, line[at["RainTomorrow"]] == "Yes")
		}
	}
	out.train.X, out.test.X = all.Take(train), all.Take(test)
	return out
}

func TestRealAUC(t *testing.T) {
	data := loadReal(t)
	model, err := Default().Fit(context.Background(), learn.Train{X: data.train.X, Y: data.train.Y})
	if err != nil {
		t.Fatal(err)
	}
	if a := auc(data.test.Y, model.Probabilities(nil, data.test.X)); math.Abs(a-0.879) > 0.002 {
		t.Errorf("AUC %.4f, LightGBM 4.7 has .8790", a)
	} else {
		t.Logf("AUC %.4f", a)
	}
}

func BenchmarkFit100x31(b *testing.B) {
	data := loadReal(b)
	for b.Loop() {
		if _, err := Default().Fit(context.Background(), learn.Train{X: data.train.X, Y: data.train.Y}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPredict(b *testing.B) {
	data := loadReal(b)
	model, err := Default().Fit(context.Background(), learn.Train{X: data.train.X, Y: data.train.Y})
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]float64, data.test.X.Rows())
	for b.Loop() {
		model.Probabilities(dst, data.test.X)
	}
}

func BenchmarkOneRow(b *testing.B) {
	data := loadReal(b)
	model, err := Default().Fit(context.Background(), learn.Train{X: data.train.X, Y: data.train.Y})
	if err != nil {
		b.Fatal(err)
	}
	rows := make([][]float64, 1000)
	for i := range rows {
		for _, c := range data.test.X.Columns() {
			rows[i] = append(rows[i], c.Float(i))
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		model.Probability(rows[i%len(rows)])
	}
}

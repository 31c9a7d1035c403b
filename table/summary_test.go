package table

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestSummarize(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		n := rng.IntN(200)
		values := make([]float64, n)
		scale := math.Pow10(rng.IntN(12) - 6)
		for i := range values {
			values[i] = math.Round(rng.NormFloat64()*20) * scale
			if rng.IntN(6) == 0 {
				values[i] = Missing
			}
		}
		s := Summarize(New(Numbers("v", values))).Columns[0]
		sorted := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
		slices.Sort(sorted)
		if s.Count != len(sorted) || s.Missing != n-len(sorted) || s.Unique != len(slices.Compact(slices.Clone(sorted))) {
			t.Fatalf("%+v of %v", s, values)
		}
		if len(sorted) == 0 {
			if s.Number != nil {
				t.Error("nothing has no numbers")
			}
			continue
		}
		var sum, squares float64
		for _, v := range sorted {
			sum += v
		}
		mean := sum / float64(len(sorted))
		for _, v := range sorted {
			squares += (v - mean) * (v - mean)
		}
		std := math.Sqrt(squares / float64(len(sorted)))
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*(math.Abs(b)+20*scale) }
		got := s.Number
		if !near(got.Mean, mean) || !near(got.Std, std) || got.Min != sorted[0] || got.Max != sorted[len(sorted)-1] ||
			got.Q1 != Quantile(sorted, 0.25) || got.Median != Quantile(sorted, 0.5) || got.Q3 != Quantile(sorted, 0.75) {
			t.Errorf("%+v of %v", got, sorted)
		}
		checkHistogram(t, got.Histogram, sorted)
	}
}

func checkHistogram(t *testing.T, bins []Bin, sorted []float64) {
	t.Helper()
	if len(bins) > maxBins {
		t.Errorf("%d bins", len(bins))
	}
	for i, b := range bins {
		if i > 0 && bins[i-1].To != b.From {
			t.Errorf("bins %v and %v do not meet", bins[i-1], b)
		}
		want := 0
		for _, v := range sorted {
			if v >= b.From && (v < b.To || i == len(bins)-1 && v <= b.To) {
				want++
			}
		}
		if b.Count != want {
			t.Errorf("bin %d of %v: want %d", i, bins, want)
		}
	}
}

func TestHistogramEdgesAreNice(t *testing.T) {
	t.Parallel()
	s := Summarize(New(Numbers("v", []float64{-8.5, 12, 33.9}))).Columns[0].Number
	if first, last := s.Histogram[0], s.Histogram[len(s.Histogram)-1]; first.From != -10 || first.To != -8 || last.To != 34 || len(s.Histogram) != 22 {
		t.Errorf("%v", s.Histogram)
	}
	s = Summarize(New(Numbers("v", []float64{0, 0.1, 1}))).Columns[0].Number
	if s.Histogram[1].To != 0.1 {
		t.Errorf("an edge must be the decimal that a person would write: %v", s.Histogram[:3])
	}
}

func TestSummaryIsAlwaysJSON(t *testing.T) {
	t.Parallel()
	for _, values := range [][]float64{
		{}, {Missing}, {0}, {5, 5}, {math.MaxFloat64, -math.MaxFloat64}, {math.MaxFloat64, math.MaxFloat64, 1}, {math.SmallestNonzeroFloat64, 0},
		{1e17, 1e17 + 16}, {-1e-300, 1e300}, {math.Copysign(0, -1), 0},
	} {
		data, err := json.Marshal(Summarize(New(Numbers("v", values))))
		if err != nil {
			t.Errorf("%v: %v", values, err)
		}
		if !strings.Contains(string(data), `"name":"v","kind":"number","count":`) {
			t.Errorf("%s", data)
		}
	}
}

func TestSummaryOfCategoriesAndDates(t *testing.T) {
	t.Parallel()
	s := Summarize(New(
		Categories("c", []int32{2, 0, MissingCode, 2}, []string{"x", "y", "z"}),
		Dates("short", []Day{NewDay(2019, 12, 31), NewDay(2020, 2, 1), NewDay(2020, 2, 29), MissingDay}),
		Dates("long", []Day{NewDay(2010, 5, 1), NewDay(2014, 5, 1), NewDay(2013, 5, 1), NewDay(2013, 1, 1)}),
	))
	if c := s.Columns[0]; c.Missing != 1 || c.Unique != 2 || !slices.Equal(c.Category.Levels, []Tally{{"x", 1}, {"y", 0}, {"z", 2}}) {
		t.Errorf("%+v", c)
	}
	if d := s.Columns[1].Date; d.First != "2019-12-31" || d.Last != "2020-02-29" || !slices.Equal(d.Periods, []Tally{{"2019-12", 1}, {"2020-01", 0}, {"2020-02", 2}}) {
		t.Errorf("%+v", d)
	}
	if d := s.Columns[2].Date; !slices.Equal(d.Periods, []Tally{{"2010", 1}, {"2011", 0}, {"2012", 0}, {"2013", 2}, {"2014", 1}}) {
		t.Errorf("%+v", d)
	}
}

// A mean of equal numbers is that number, whatever adding them up makes of it.
func TestSummaryOfAConstant(t *testing.T) {
	t.Parallel()
	s := Summarize(New(Numbers("n", []float64{0.1, 0.1, 0.1}))).Columns[0].Number
	if s.Mean != 0.1 || s.Std != 0 {
		t.Errorf("mean %v, deviation %v", s.Mean, s.Std)
	}
}

func TestPeriodsOfThreeYears(t *testing.T) {
	t.Parallel()
	for last, periods := range map[Day]int{NewDay(2012, 12, 31): 36, NewDay(2013, 1, 1): 4} {
		if d := Summarize(New(Dates("d", []Day{NewDay(2010, 1, 1), last}))).Columns[0].Date; len(d.Periods) != periods {
			t.Errorf("until %s: %d periods, want %d", last, len(d.Periods), periods)
		}
	}
}

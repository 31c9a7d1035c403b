package table

import (
	"fmt"
	"math"

	"github.com/pluvia-ml/pluvia/internal/parallel"
)

// Summary describes a table: what a person looks at first, and what is kept of
// a data set as its profile. It has no NaN in it, so that it can be JSON.
type Summary struct {
	Rows    int             `json:"rows"`
	Columns []ColumnSummary `json:"columns"`
}

// ColumnSummary describes a column. Exactly one of Number, Category and Date
// is set, by kind, or none when all values are missing.
type ColumnSummary struct {
	Name     string           `json:"name"`
	Kind     string           `json:"kind"`
	Count    int              `json:"count"` // values that are not missing
	Missing  int              `json:"missing"`
	Unique   int              `json:"unique"` // distinct values
	Number   *NumberSummary   `json:"number,omitempty"`
	Category *CategorySummary `json:"category,omitempty"`
	Date     *DateSummary     `json:"date,omitempty"`
}

// NumberSummary describes the numbers of a column. Quartiles are interpolated
// as [Quantile] does; a mean or deviation beyond the greatest float64 is that.
type NumberSummary struct {
	Min       float64 `json:"min"`
	Q1        float64 `json:"q1"`
	Median    float64 `json:"median"`
	Q3        float64 `json:"q3"`
	Max       float64 `json:"max"`
	Mean      float64 `json:"mean"`
	Std       float64 `json:"std"` // of the population: divided by the count
	Histogram []Bin   `json:"histogram"`
}

// Bin counts the numbers from From up to but not at To. The last bin of a
// histogram counts those at To as well.
type Bin struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Count int     `json:"count"`
}

// CategorySummary counts the values of a category, in the order of its levels,
// those that do not occur too.
type CategorySummary struct {
	Levels []Tally `json:"levels"`
}

// DateSummary describes the dates of a column: by month, 2006-01, when they
// span at most three years, by year otherwise. Empty months and years between
// the first and the last are there with a count of 0.
type DateSummary struct {
	First   string  `json:"first"` // 2006-01-02
	Last    string  `json:"last"`
	Periods []Tally `json:"periods"`
}

// Tally is how often something occurs.
type Tally struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Summarize describes every column of the table.
func Summarize(t *Table) Summary {
	s := Summary{Rows: t.rows, Columns: make([]ColumnSummary, len(t.columns))}
	parallel.For(len(t.columns), func(i int) { s.Columns[i] = summarize(t.columns[i]) })
	return s
}

func summarize(c *Column) ColumnSummary {
	groups, missing := tallyColumn(c, nil)
	s := ColumnSummary{Name: c.Name, Kind: c.Kind.String(), Count: c.Len() - missing.count, Missing: missing.count}
	for _, g := range groups {
		if g.count > 0 {
			s.Unique++
		}
	}
	switch {
	case c.Kind == Category:
		s.Category = &CategorySummary{Levels: make([]Tally, len(c.Levels))}
		for code, level := range c.Levels {
			s.Category.Levels[code] = Tally{level, groups[code].count}
		}
	case s.Count == 0:
	case c.Kind == Date:
		s.Date = dateSummary(groups)
	default:
		s.Number = numberSummary(groups, s.Count)
	}
	return s
}

func numberSummary(groups []group, count int) *NumberSummary {
	s := &NumberSummary{Min: groups[0].value, Max: groups[len(groups)-1].value}
	quartiles := groupQuantiles(groups, count, 0.25, 0.5, 0.75)
	s.Q1, s.Median, s.Q3 = quartiles[0], quartiles[1], quartiles[2]

	n := float64(count)
	sum := 0.0
	for _, g := range groups {
		sum += g.value * float64(g.count)
	}
	s.Mean = sum / n
	if math.IsInf(sum, 0) || sum != sum { // divided first, it cannot overflow
		s.Mean = 0
		for _, g := range groups {
			s.Mean += g.value * (float64(g.count) / n)
		}
	}
	s.Mean = min(max(s.Mean, s.Min), s.Max) // rounding may put it a bit outside
	squares := 0.0
	for _, g := range groups {
		d := g.value - s.Mean
		squares += d * d * float64(g.count)
	}
	s.Std = min(math.Sqrt(squares/n), math.MaxFloat64)
	s.Histogram = histogram(groups, s.Min, s.Max)
	return s
}

// groupQuantiles are quantiles, for qs in ascending order, of values that are counted.
func groupQuantiles(groups []group, count int, qs ...float64) []float64 {
	i, before := 0, 0 // groups[i] begins at position before
	at := func(position int) float64 {
		for position < before {
			i--
			before -= groups[i].count
		}
		for position >= before+groups[i].count {
			before += groups[i].count
			i++
		}
		return groups[i].value
	}
	out := make([]float64, len(qs))
	for k, q := range qs {
		out[k] = quantile(count, q, at)
	}
	return out
}

// maxBins is how many bins a histogram has at most.
const maxBins = 30

// histogram counts values in bins whose edges are multiples of 1, 2 or 5 times
// a power of ten, the finest of at most maxBins.
func histogram(groups []group, low, high float64) []Bin {
	least := high/maxBins - low/maxBins // not (high-low)/maxBins, which may overflow
	if !(least > 0) {
		return []Bin{{low, high, groups[0].count}}
	}
	exponent := int(math.Floor(math.Log10(least))) - 1
	for ; ; exponent++ {
		for _, digit := range []float64{1, 2, 5} {
			edge := func(k float64) float64 {
				if exponent < 0 { // a quotient of integers is the nearest float64 to the edge
					return k * digit / math.Pow10(-exponent)
				}
				return k * digit * math.Pow10(exponent)
			}
			step := edge(1)
			if step < least {
				continue
			}
			first, last := math.Floor(low/step), math.Ceil(high/step)
			if edge(first) > low { // the quotient was rounded up to an integer
				first--
			}
			if edge(last) < high {
				last++
			}
			n := int(min(last-first, maxBins+1))
			if n > maxBins || n < 1 {
				continue
			}
			bins := make([]Bin, n)
			for i := range bins {
				bins[i].From = max(edge(first+float64(i)), -math.MaxFloat64)
				bins[i].To = min(edge(first+float64(i+1)), math.MaxFloat64)
			}
			i := 0
			for _, g := range groups {
				for i < n-1 && g.value >= bins[i].To {
					i++
				}
				bins[i].Count += g.count
			}
			return bins
		}
	}
}

func dateSummary(groups []group) *DateSummary {
	first, last := Day(groups[0].value), Day(groups[len(groups)-1].value)
	s := &DateSummary{First: first.String(), Last: last.String()}
	firstYear, firstMonth, _ := first.Date()
	lastYear, lastMonth, _ := last.Date()
	const mostMonths = 36
	byMonth := 12*(lastYear-firstYear)+lastMonth-firstMonth < mostMonths
	if byMonth {
		for year, month := firstYear, firstMonth; 12*year+month <= 12*lastYear+lastMonth; month++ {
			if month > 12 {
				year, month = year+1, 1
			}
			s.Periods = append(s.Periods, Tally{Name: fmt.Sprintf("%04d-%02d", year, month)})
		}
	} else {
		for year := firstYear; year <= lastYear; year++ {
			s.Periods = append(s.Periods, Tally{Name: fmt.Sprintf("%04d", year)})
		}
	}
	for _, g := range groups {
		year, month, _ := Day(g.value).Date()
		i := year - firstYear
		if byMonth {
			i = 12*i + month - firstMonth
		}
		s.Periods[i].Count += g.count
	}
	return s
}

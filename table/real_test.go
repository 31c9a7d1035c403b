package table_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
	tablecsv "github.com/pluvia-ml/pluvia/table/csv"
)

// snapshots are where the observations of the weather stations may be.
var snapshots = []string{os.Getenv("PLUVIA_DATA_SET"), "../project/rain/weatherAUS.csv.zst"}

// realTable is the real data set. Whoever changes a column copies it first.
func realTable(tb testing.TB) *table.Table {
	reading.Do(func() { observations = readReal(tb) })
	if observations == nil {
		tb.Skip("left out: there is no real data set")
	}
	return observations
}

var (
	reading      sync.Once
	observations *table.Table
)

// readReal reads it with a schema made of what is in it.
func readReal(tb testing.TB) *table.Table {
	var data []byte
	for _, path := range snapshots {
		if file, err := os.Open(path); err == nil {
			defer file.Close()
			plain, err := tablecsv.Decompress(file)
			if err != nil {
				tb.Fatal(err)
			}
			var all bytes.Buffer
			if _, err := all.ReadFrom(plain); err != nil {
				tb.Fatal(err)
			}
			data = all.Bytes()
			break
		}
	}
	if data == nil {
		if os.Getenv("CI") == "true" {
			tb.Fatal("the real data set is not there")
		}
		tb.Skip("left out: the real data set is not there; PLUVIA_DATA_SET may name it")
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	s := &table.Schema{Missing: []string{"NA"}, Key: []string{"Date", "Location"}}
	for i, name := range rows[0] {
		f := table.Field{Name: name, Type: table.TypeNumber}
		switch {
		case name == "Date":
			f.Type = table.TypeDate
		case name == "Location", strings.HasPrefix(name, "WindDir"), strings.HasPrefix(name, "WindGustDir"), strings.HasPrefix(name, "Rain") && name != "Rainfall":
			f.Type = table.TypeCategory
			seen := map[string]bool{"NA": true}
			for _, row := range rows[1:] {
				if cell := row[i]; !seen[cell] {
					seen[cell] = true
					f.Categories = append(f.Categories, cell)
				}
			}
		}
		s.Fields = append(s.Fields, f)
	}
	t, report, err := tablecsv.Parse(tb.Context(), data, s, tablecsv.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	if report.SetAside() > 0 {
		tb.Fatalf("%d rows set aside: %v", report.SetAside(), report.Faults[0])
	}
	return t
}

// target says which rows are Yes, and which columns might decide it.
func target(t *table.Table) (y []bool, candidates []string) {
	return t.Column("RainTomorrow").Equals("Yes"), t.Without("RainTomorrow").Names()
}

func TestSameOnAnyNumberOfProcessors(t *testing.T) {
	real := realTable(t)
	y, candidates := target(real)
	all := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(all)
	leaks, summary := table.Leaks(real, y, candidates), table.Summarize(real)
	for _, n := range []int{2, 3, 16} {
		runtime.GOMAXPROCS(n)
		if got := table.Leaks(real, y, candidates); !reflect.DeepEqual(got, leaks) {
			t.Errorf("%d processors: leaks %v, one: %v", n, got, leaks)
		}
		if got := table.Summarize(real); !reflect.DeepEqual(got, summary) {
			t.Errorf("%d processors: another summary", n)
		}
	}
}

func TestLeaksOfRealData(t *testing.T) {
	t.Parallel()
	real := realTable(t)
	y, candidates := target(real)
	leaks := table.Leaks(real, y, candidates)
	if len(leaks) != 1 || leaks[0].Column != "RISK_MM" || leaks[0].Accuracy < 1-1e-12 {
		t.Errorf("%v", leaks)
	}
}

func TestSummaryOfRealData(t *testing.T) {
	t.Parallel()
	real := realTable(t)
	s := table.Summarize(real)
	if _, err := json.Marshal(s); err != nil {
		t.Error(err)
	}
	// pandas: describe(), nunique()
	c := s.Columns[slices.Index(real.Names(), "MinTemp")]
	if n := c.Number; s.Rows != 142193 || c.Missing != 637 || n.Q1 != 7.6 || n.Median != 12 || n.Q3 != 16.8 || n.Min != -8.5 || n.Max != 33.9 {
		t.Errorf("%+v", c)
	}
}

func BenchmarkLeaks(b *testing.B) {
	t := realTable(b)
	y, candidates := target(t)
	for b.Loop() {
		table.Leaks(t, y, candidates)
	}
}

func BenchmarkSummarize(b *testing.B) {
	t := realTable(b)
	for b.Loop() {
		table.Summarize(t)
	}
}

package csv

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
)

// realData is the observations of weather stations, in the file that
// PLUVIA_DATA_SET names, and a schema for them.
func realData(tb testing.TB) ([]byte, *table.Schema) {
	path := os.Getenv("PLUVIA_DATA_SET")
	if path == "" {
		tb.Skip("PLUVIA_DATA_SET does not name a CSV file to measure with")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	header, _, _ := bytes.Cut(data, []byte{'\n'})
	s := &table.Schema{Missing: []string{"NA"}, Key: []string{"Date", "Location"}}
	levels := map[string][]string{}
	lines := strings.Split(string(data), "\n")
	names := strings.Split(string(header), ",")
	for i, name := range names {
		f := table.Field{Name: name, Type: table.TypeNumber}
		if name == "Date" {
			f.Type = table.TypeDate
		} else if strings.Contains(name, "Dir") || strings.HasSuffix(name, "Today") || strings.HasSuffix(name, "Tomorrow") || name == "Location" {
			f.Type = table.TypeCategory
			seen := map[string]bool{"NA": true}
			for _, line := range lines[1 : len(lines)-1] {
				cell := strings.Split(line, ",")[i]
				if !seen[cell] {
					seen[cell] = true
					levels[name] = append(levels[name], cell)
				}
			}
			f.Categories = levels[name]
		}
		s.Fields = append(s.Fields, f)
	}
	return data, s
}

func BenchmarkRead(b *testing.B) {
	data, s := realData(b)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		t, report, err := Read(b.Context(), bytes.NewReader(data), s, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if t.Rows() != 142193 {
			b.Fatal(t.Rows(), report.Faults[:10])
		}
	}
}

// BenchmarkReadSnapshot reads the same from zstd.
func BenchmarkReadSnapshot(b *testing.B) {
	file, err := os.ReadFile("../../project/rain/weatherAUS.csv.zst")
	if err != nil {
		b.Skip(err)
	}
	_, s := realData(b)
	for b.Loop() {
		if _, _, err := Read(b.Context(), bytes.NewReader(file), s, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

package source_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/pluvia-ml/pluvia/source"
	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/csv"
)

func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{
		"2024.csv": "day,level\n2024-05-01,1.4\n2024-05-02,high\n",
		"2025.csv": "day,level\n2025-05-01,1.9\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}

	ctx := context.Background()
	s, err := source.Open(ctx, dir, "", source.Options{})
	if err != nil {
		log.Fatal(err)
	}
	schema := &table.Schema{Fields: []table.Field{
		{Name: "day", Type: table.TypeDate, Required: true},
		{Name: "level", Type: table.TypeNumber},
	}}
	t, report, err := s.Read(ctx, schema, csv.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Rows(), "rows of", len(s.Files), "files")
	fmt.Println(report.Faults[0])
	// Output:
	// 2 rows of 2 files
	// 2024.csv, line 3, column level: "high": must be a number
}

package csv_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/csv"
)

func Example() {
	schema := &table.Schema{
		Fields: []table.Field{
			{Name: "date", Type: table.TypeDate, Required: true},
			{Name: "level", Type: table.TypeNumber},
		},
		Key:     []string{"date"},
		Missing: []string{"NA"},
	}
	file := "level,date,note\n1.50,2020-01-01,\nNA,2020-01-02,broken\n1.7,2020-02-30,\n1.6,2020-01-01,again\n"
	t, report, err := csv.Read(context.Background(), strings.NewReader(file), schema, csv.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	csv.Write(os.Stdout, t)
	fmt.Println("ignored:", report.Ignored)
	for _, fault := range report.Faults {
		fmt.Println(fault)
	}
	// Output:
	// date,level
	// 2020-01-01,1.5
	// 2020-01-02,
	// ignored: [note]
	// line 4, column date: "2020-02-30": must be a date of the calendar, written YYYY-MM-DD
	// line 5, column date: "2020-01-01": must be the only row of its key; line 2 has it already
}

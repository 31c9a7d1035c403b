package parquet_test

import (
	"bytes"
	"fmt"

	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/parquet"
)

func Example() {
	t := table.New(
		table.Dates("date", []table.Day{table.NewDay(2020, 1, 1), table.NewDay(2020, 1, 2)}),
		table.Numbers("level", []float64{1.5, table.Missing}),
	)
	var file bytes.Buffer
	if err := parquet.Write(&file, t); err != nil {
		fmt.Println(err)
		return
	}
	schema := &table.Schema{Fields: []table.Field{{Name: "level", Type: table.TypeNumber}}}
	back, report, err := parquet.Read(bytes.NewReader(file.Bytes()), int64(file.Len()), schema)
	fmt.Println(back.Column("level").Numbers, report.Ignored, err)
	// Output: [1.5 NaN] [date] <nil>
}

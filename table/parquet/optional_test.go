package parquet_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/parquet"
)

func TestOptionalColumnMayBeAbsent(t *testing.T) {
	t.Parallel()
	s := &table.Schema{Fields: []table.Field{
		{Name: "a", Type: table.TypeNumber},
		{Name: "b", Type: table.TypeCategory, Categories: []string{"x"}, Optional: true},
		{Name: "c", Type: table.TypeDate, Optional: true},
	}}
	var file bytes.Buffer
	if err := parquet.Write(&file, table.New(table.Numbers("a", []float64{1, 2}))); err != nil {
		t.Fatal(err)
	}
	got, report, err := parquet.Read(bytes.NewReader(file.Bytes()), int64(file.Len()), s)
	if err != nil || report.SetAside() != 0 {
		t.Fatal(err, report)
	}
	if b, c := got.Column("b"), got.Column("c"); got.Rows() != 2 || !b.Missing(0) || !b.Missing(1) || !c.Missing(0) || !c.Missing(1) {
		t.Errorf("b is %v, c is %v", b.Codes, c.Days)
	}
	if len(report.Absent) != 2 {
		t.Errorf("absent: %q", report.Absent)
	}
	s.Fields[2].Optional = false
	if _, _, err := parquet.Read(bytes.NewReader(file.Bytes()), int64(file.Len()), s); err == nil || !strings.Contains(err.Error(), `"c"`) {
		t.Errorf("a column that is not optional is absent: %v", err)
	}
	other := &table.Schema{Fields: []table.Field{{Name: "d", Type: table.TypeNumber, Optional: true}, {Name: "e", Type: table.TypeNumber, Optional: true}}}
	if _, _, err := parquet.Read(bytes.NewReader(file.Bytes()), int64(file.Len()), other); err == nil || !strings.Contains(err.Error(), `no column "d"; there is no column "e"`) {
		t.Errorf("none of the columns is there: %v", err)
	}
}

package csv_test

import (
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/csv"
)

func TestOptionalColumnMayBeAbsent(t *testing.T) {
	t.Parallel()
	s := &table.Schema{Fields: []table.Field{
		{Name: "a", Type: table.TypeNumber},
		{Name: "b", Type: table.TypeCategory, Categories: []string{"x"}, Optional: true},
		{Name: "c", Type: table.TypeDate, Optional: true},
	}}
	got, report, err := csv.Read(t.Context(), strings.NewReader("c,a\n2020-01-02,1\n,2\n"), s, csv.Options{})
	if err != nil || report.SetAside() != 0 {
		t.Fatal(err, report)
	}
	if len(report.Absent) != 1 || report.Absent[0] != "b" {
		t.Errorf("absent: %q", report.Absent)
	}
	b, c := got.Column("b"), got.Column("c")
	if got.Rows() != 2 || !b.Missing(0) || !b.Missing(1) || c.Missing(0) || !c.Missing(1) {
		t.Errorf("b is %v, c is %v", b.Codes, c.Days)
	}
	if _, _, err := csv.Read(t.Context(), strings.NewReader("b,c\nx,\n"), s, csv.Options{}); err == nil || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("a column that is not optional is absent: %v", err)
	}
	s.Fields[0].Optional = true
	if _, _, err := csv.Read(t.Context(), strings.NewReader("a;b;c\n1;x;\n"), s, csv.Options{}); err == nil || !strings.Contains(err.Error(), "another character") {
		t.Errorf("none of the columns is there: %v", err)
	}
}

package table

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func small() *Table {
	return New(
		Numbers("n", []float64{1.5, Missing, -2, 1e21}),
		Categories("c", []int32{1, 0, MissingCode, 1}, []string{"x", "y"}),
		Dates("d", []Day{0, MissingDay, NewDay(2020, 2, 29), -1}),
	)
}

func TestColumn(t *testing.T) {
	t.Parallel()
	table := small()
	for _, c := range []struct {
		column string
		texts  []string
		floats []float64
	}{
		{"n", []string{"1.5", "", "-2", "1000000000000000000000"}, []float64{1.5, Missing, -2, 1e21}},
		{"c", []string{"y", "x", "", "y"}, []float64{1, 0, Missing, 1}},
		{"d", []string{"1970-01-01", "", "2020-02-29", "1969-12-31"}, []float64{0, Missing, 18321, -1}},
	} {
		column := table.Column(c.column)
		for row, text := range c.texts {
			f := column.Float(row)
			if column.Text(row) != text || column.Missing(row) != (text == "") || f != c.floats[row] && !(math.IsNaN(f) && math.IsNaN(c.floats[row])) {
				t.Errorf("%s, row %d: %q, %v", c.column, row, column.Text(row), f)
			}
		}
		taken := column.Take([]int{3, 0, 0})
		if taken.Len() != 3 || taken.Text(0) != c.texts[3] || taken.Text(2) != c.texts[0] {
			t.Errorf("%s: took %v", c.column, taken)
		}
	}
	if c := table.Column("c"); c.Level("y") != 1 || c.Level("z") != MissingCode || c.Renamed("e").Name != "e" || c.Name != "c" {
		t.Error("levels and names")
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	table := small()
	selected, err := table.Select("d", "n")
	if err != nil || !slices.Equal(selected.Names(), []string{"d", "n"}) || selected.Rows() != 4 {
		t.Errorf("%v, %v", selected, err)
	}
	if _, err := table.Select("n", "z"); err == nil || !strings.Contains(err.Error(), `no column "z"`) || !strings.Contains(err.Error(), `"c"`) {
		t.Errorf("%v must say what there is", err)
	}
	if names := table.Without("c", "z").Names(); !slices.Equal(names, []string{"n", "d"}) {
		t.Errorf("%q", names)
	}
	if taken := table.Take([]int{2, 2}); taken.Rows() != 2 || taken.Column("n").Numbers[1] != -2 {
		t.Errorf("%v", taken.Columns())
	}
	if New().Rows() != 0 || table.Column("z") != nil {
		t.Error("nothing has no rows")
	}
	for name, bad := range map[string]func(){
		"a name twice":      func() { New(Numbers("a", nil), Numbers("a", nil)) },
		"different lengths": func() { New(Numbers("a", nil), Numbers("b", []float64{1})) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			bad()
		}()
	}
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	table := New(
		Numbers("a", []float64{0, 1, math.Copysign(0, -1), Missing, Missing, 1, 0}),
		Categories("b", []int32{0, 0, 0, 0, 0, 1, 0}, []string{"x", "y"}),
	)
	again, first, err := table.Duplicates("a", "b")
	if err != nil || !slices.Equal(again, []int{2, 6}) || !slices.Equal(first, []int{0, 0}) {
		t.Errorf("%v %v %v", again, first, err)
	}
	if again, _, err := table.Duplicates(); again != nil || err != nil {
		t.Errorf("without a key: %v %v", again, err)
	}
	if _, _, err := table.Duplicates("z"); err == nil {
		t.Error("there is no column z")
	}
}

func TestCheckingAllocatesNothing(t *testing.T) {
	rules := NewRules(shop())
	values := [][]byte{[]byte("2020-01-01"), []byte("NNE"), []byte("12.25"), []byte("-999")}
	if n := testing.AllocsPerRun(100, func() {
		for field, text := range values {
			if _, ok := rules.Text(field, text); !ok {
				t.Fatal(field)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParseNumber(b *testing.B) {
	texts := [][]byte{[]byte("1017.6"), []byte("0"), []byte("-3.25"), []byte("71")}
	for i := 0; b.Loop(); i++ {
		ParseNumber(texts[i&3])
	}
}

func TestEquals(t *testing.T) {
	t.Parallel()
	c := Categories("kind", []int32{1, MissingCode, 0, 1}, []string{"a", "b"})
	for level, want := range map[string][]bool{"a": {false, false, true, false}, "b": {true, false, false, true}, "c": {false, false, false, false}} {
		if got := c.Equals(level); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", level, got, want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a number has levels")
		}
	}()
	Numbers("n", []float64{1}).Equals("1")
}

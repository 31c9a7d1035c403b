package table

import (
	"math"
	"math/bits"

	"github.com/pluvia-ml/pluvia/internal/parallel"
)

// Join makes one table of the parts of one input, in order, each from a
// builder of the same schema; lines is how many lines of the file each part
// has, nil when there is no file. A row whose key has been seen in a row
// before it is set aside. The table may share the builders' memory. Join
// panics if there are no parts.
func Join(parts []*Builder, lines []int) (*Table, *Report) {
	report := &Report{}
	places := parts[0].places[:parts[0].kept]
	if len(parts) > 1 {
		kept := 0
		for _, b := range parts {
			kept += b.kept
		}
		places = make([]place, 0, kept)
	}
	var found faults
	line := 0
	for i, b := range parts {
		for _, f := range b.faults.list {
			found.add(f.shifted(report.Read, line))
		}
		found.count += b.faults.count - len(b.faults.list)
		if len(parts) > 1 {
			for _, p := range b.places[:b.kept] {
				places = append(places, p.shifted(report.Read, line))
			}
		}
		report.Read += b.row
		report.Kept += b.kept
		if lines != nil {
			line += lines[i]
		}
	}

	columns := make([]*Column, len(parts[0].columns))
	parallel.For(len(columns), func(i int) { columns[i] = joined(parts, i, report.Kept) })
	t := New(columns...)
	if key := t.columnsOf(parts[0].rules.schema.Key); len(key) > 0 {
		again, first := duplicates(key)
		var twice []Fault
		for i, row := range again[:min(len(again), MaxFaults)] {
			twice = append(twice, duplicate(key, row, places[row], places[first[i]]))
		}
		if len(again) > 0 {
			t = t.Take(rest(t.rows, again))
			found.merge(twice, len(again))
			report.Kept = t.rows
		}
	}
	report.FaultCount, report.Faults = found.count, found.list
	return t, report
}

func (p place) shifted(rows, lines int) place {
	p.row += rows
	if p.line > 0 {
		p.line += lines
	}
	return p
}

func (f Fault) shifted(rows, lines int) Fault {
	p := place{f.Row, f.Line}.shifted(rows, lines)
	f.Row, f.Line = p.row, p.line
	return f
}

// joined is column i of all the parts; it is shared when there is one part.
func joined(parts []*Builder, i, rows int) *Column {
	if len(parts) == 1 {
		return parts[0].columns[i].slice(0, rows)
	}
	out := *parts[0].columns[i]
	switch out.Kind {
	case Category:
		out.Codes = make([]int32, 0, rows)
		for _, b := range parts {
			out.Codes = append(out.Codes, b.columns[i].Codes[:b.kept]...)
		}
	case Date:
		out.Days = make([]Day, 0, rows)
		for _, b := range parts {
			out.Days = append(out.Days, b.columns[i].Days[:b.kept]...)
		}
	default:
		out.Numbers = make([]float64, 0, rows)
		for _, b := range parts {
			out.Numbers = append(out.Numbers, b.columns[i].Numbers[:b.kept]...)
		}
	}
	return &out
}

// Duplicates are the rows whose values in the columns called key stand in an
// earlier row already, in order, and for each the first row that has them. A
// row with a missing value in its key is like no other. There are none when
// key is empty. A name that is not there is an error.
func (t *Table) Duplicates(key ...string) (again, first []int, err error) {
	if _, err := t.Select(key...); err != nil {
		return nil, nil, err
	}
	again, first = duplicates(t.columnsOf(key))
	return again, first, nil
}

func (t *Table) columnsOf(names []string) []*Column {
	columns := make([]*Column, len(names))
	for i, name := range names {
		columns[i] = t.Column(name)
	}
	return columns
}

func duplicates(key []*Column) (again, first []int) {
	if len(key) == 0 {
		return nil, nil
	}
	n := key[0].Len()
	// An open-addressing hash table of row numbers, at most half full.
	slots := make([]int32, 1<<bits.Len(uint(2*n)))
	mask := uint64(len(slots) - 1)
rows:
	for row := range n {
		hash := uint64(0)
		for _, c := range key {
			if c.Missing(row) {
				continue rows
			}
			hash = (hash ^ math.Float64bits(c.Float(row)+0)) * 0x9e3779b97f4a7c15 // +0: -0 and 0 are one
			hash ^= hash >> 29
		}
		at := (hash * 0xbf58476d1ce4e5b9) >> 20 & mask
		for ; slots[at] != 0; at = (at + 1) & mask {
			if other := int(slots[at]) - 1; sameKey(key, row, other) {
				again, first = append(again, row), append(first, other)
				continue rows
			}
		}
		slots[at] = int32(row + 1)
	}
	return again, first
}

func sameKey(key []*Column, a, b int) bool {
	for _, c := range key {
		if c.Float(a) != c.Float(b) {
			return false
		}
	}
	return true
}

// rest are the rows 0..n-1 that are not in without, which is in order.
func rest(n int, without []int) []int {
	rows := make([]int, 0, n-len(without))
	for row := range n {
		if len(without) > 0 && without[0] == row {
			without = without[1:]
			continue
		}
		rows = append(rows, row)
	}
	return rows
}

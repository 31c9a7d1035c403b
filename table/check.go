package table

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// MaxFaults is how many faults a report describes. More are only counted.
const MaxFaults = 10_000

// Report is what has become of the rows of an input.
type Report struct {
	Read       int      // rows that were read
	Kept       int      // rows that are in the table
	FaultCount int      // faults in the rows that were set aside
	Faults     []Fault  // the first of them, by row; at most MaxFaults
	Ignored    []string // columns of the input that the schema does not have
	Absent     []string // optional columns of the schema that the input does not have
}

// SetAside is the number of rows that are not in the table.
func (r *Report) SetAside() int { return r.Read - r.Kept }

// Share is the share of the rows that were set aside, 0 when none were read.
func (r *Report) Share() float64 {
	if r.Read == 0 {
		return 0
	}
	return float64(r.SetAside()) / float64(r.Read)
}

// Write writes the faults as a CSV file with the columns line, row, column,
// value and rule; a last line says how many are not listed, if any. A line or
// row is counted from 1. When there are several files, their names stand in a
// column before. A value that a spreadsheet would take for a formula
// gets an apostrophe in front, and one that is not UTF-8 replacement characters.
func (r *Report) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	several := slices.ContainsFunc(r.Faults, func(f Fault) bool { return f.File != "" })
	if several {
		out.WriteString("file,")
	}
	out.WriteString("line,row,column,value,rule\n")
	for _, f := range r.Faults {
		if several {
			writeCell(out, f.File)
			out.WriteByte(',')
		}
		if f.Line > 0 {
			out.WriteString(strconv.Itoa(f.Line))
		}
		out.WriteByte(',')
		out.WriteString(strconv.Itoa(f.Row + 1))
		for _, text := range []string{f.Column, f.Value, f.Rule} {
			out.WriteByte(',')
			writeCell(out, text)
		}
		out.WriteByte('\n')
	}
	if more := r.FaultCount - len(r.Faults); more > 0 {
		if several {
			out.WriteByte(',')
		}
		fmt.Fprintf(out, ",,,,%d more faults are not listed\n", more)
	}
	return out.Flush()
}

func writeCell(out *bufio.Writer, text string) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if text != "" && strings.IndexByte("=+-@\t\r\n", text[0]) >= 0 {
		if _, ok := ParseNumber(text); !ok {
			text = "'" + text
		}
	}
	if strings.ContainsAny(text, ",\"\r\n") {
		text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	out.WriteString(text)
}

// Exceeds is an [InputError] when more than maxShare of the rows were set
// aside, nil otherwise. It says how many of how many, and names the first faults.
func (r *Report) Exceeds(maxShare float64) error {
	if r.Share() <= maxShare {
		return nil
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d of %d rows break a rule: %s, and at most %s may", r.SetAside(), r.Read, percent(r.Share()), percent(maxShare))
	const most = 3
	shown := r.Faults[:min(most, len(r.Faults))]
	for _, f := range shown {
		text.WriteString("; " + f.Error())
	}
	if more := r.FaultCount - len(shown); more > 0 {
		fmt.Fprintf(&text, "; and %d more faults", more)
	}
	text.WriteString(". Correct the rows or the schema, or allow a larger share")
	return &InputError{Text: text.String()}
}

// percent is a share with as many digits as tell it from its neighbours.
func percent(share float64) string {
	return strconv.FormatFloat(100*share, 'g', 4, 64) + " %"
}

// duplicate describes a row that has the key of an earlier one.
func duplicate(key []*Column, row int, at, first place) Fault {
	names, values := make([]string, len(key)), make([]string, len(key))
	for i, c := range key {
		names[i], values[i] = c.Name, c.Text(row)
	}
	earlier := "row " + strconv.Itoa(first.row+1)
	if first.line > 0 {
		earlier = "line " + strconv.Itoa(first.line)
	}
	return Fault{
		Line: at.line, Row: at.row,
		Column: strings.Join(names, ", "),
		Value:  cut(strings.Join(values, ", ")),
		Rule:   "the only row of its key; " + earlier + " has it already",
	}
}

// faults is a bounded list that counts what it cannot hold.
type faults struct {
	list  []Fault
	count int
}

func (l *faults) full() bool { return len(l.list) >= MaxFaults }

func (l *faults) add(f Fault) {
	l.count++
	if !l.full() {
		l.list = append(l.list, f)
	}
}

// merge adds faults of any rows; the list stays in the order of rows.
func (l *faults) merge(more []Fault, count int) {
	l.list = append(l.list, more...)
	slices.SortStableFunc(l.list, func(a, b Fault) int { return cmp.Compare(a.Row, b.Row) })
	l.list = l.list[:min(len(l.list), MaxFaults)]
	l.count += count
}

// InputError says that an input cannot be read at all: it is the input's
// fault, and reading it again will not help.
type InputError struct {
	Line int    // line of the file, from 1; 0 when no line is to blame
	Text string // what is wrong and what to do
	Err  error  // ErrTooLarge, or another cause; may be nil
}

// ErrTooLarge is the cause of an [InputError] about a documented limit.
var ErrTooLarge = errors.New("the input is too large")

func (e *InputError) Error() string {
	if e.Line > 0 {
		return "line " + strconv.Itoa(e.Line) + ": " + e.Text
	}
	return e.Text
}

func (e *InputError) Unwrap() error { return e.Err }

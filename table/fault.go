package table

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Fault is one value that breaks a rule: where it stands, what it is, and
// which rule it breaks.
type Fault struct {
	File   string // name of the file among several; "" when there is only one
	Line   int    // line of the file, from 1; 0 when there is no file
	Row    int    // row of the input, from 0
	Column string // "" when the whole row is at fault
	Value  string // as it was read, cut to 64 bytes
	Rule   string // what it should have been: "a number from -50 to 60"
}

func (f Fault) Error() string {
	place := "row " + strconv.Itoa(f.Row+1)
	if f.Line > 0 {
		place = "line " + strconv.Itoa(f.Line)
	}
	if f.File != "" {
		place = f.File + ", " + place
	}
	if f.Column != "" {
		place += ", column " + f.Column
	}
	return fmt.Sprintf("%s: %q: must be %s", place, f.Value, f.Rule)
}

// maxValue is how many bytes of a value a fault keeps.
const maxValue = 64

func cut(value string) string {
	if len(value) <= maxValue {
		return value
	}
	end := maxValue
	for end > maxValue-utf8.UTFMax && !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end]
}

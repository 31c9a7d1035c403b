package project

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia/internal/spelling"
)

// Fault is one thing that is wrong in a project file or in its catalogue.
type Fault struct {
	File         string
	Line, Column int    // both from 1
	Key          string // the way to the value: learners[2].params.max_depth
	Value        string // as it stands there, cut to 64 bytes; "" when nothing does
	Rule         string // what it should have been: "a number from 0 to 1"
	Remedy       string // what to do next; "" when the rule says it
}

func (f Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", f.File, f.Line, f.Column)
	if f.Key != "" {
		b.WriteString(f.Key + ": ")
	}
	if f.Value != "" {
		fmt.Fprintf(&b, "%q: ", f.Value)
	}
	b.WriteString("must be " + f.Rule)
	if f.Remedy != "" {
		b.WriteString("; " + f.Remedy)
	}
	return b.String()
}

// Faults is everything that is wrong in a project, by file, line and column.
// It is the error that [Load] returns for a file that it could read.
type Faults []Fault

const (
	maxFaults = 1000 // kept; a file with more is something else than a project
	maxShown  = 50   // in one message
	maxValue  = 64   // bytes of a value in a message
)

func (f Faults) Error() string {
	lines := make([]string, 0, min(len(f), maxShown)+1)
	for _, fault := range f[:min(len(f), maxShown)] {
		lines = append(lines, fault.Error())
	}
	if more := len(f) - maxShown; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find a single [Fault].
func (f Faults) Unwrap() []error {
	errs := make([]error, len(f))
	for i := range f {
		errs[i] = f[i]
	}
	return errs
}

func (f Faults) sorted() Faults {
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return f
}

// cut shortens a value to what a message can hold, at the border of a rune.
func cut(value string) string {
	value = strings.ToValidUTF8(value, "\uFFFD")
	if len(value) <= maxValue {
		return value
	}
	end := maxValue
	for !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end] + "…"
}

// oneOf is the rule that a value must be one of names, with the remedy that
// points at the one that was probably meant.
func oneOf(what, value string, names []string) (rule, remedy string) {
	switch {
	case len(names) == 0:
		return what, "there is none yet"
	case len(names) > 40:
		rule = fmt.Sprintf("%s (there are %d)", what, len(names))
	default:
		rule = what + ": " + strings.Join(names, ", ")
	}
	if near := nearest(value, names); near != "" {
		remedy = fmt.Sprintf("did you mean %q?", near)
	}
	return rule, remedy
}

// nearest is the name that fewest single edits turn value into, when a third
// of its length suffices; "" otherwise.
func nearest(value string, names []string) string {
	best, least := "", len(value)/3+1
	if len(value) > maxValue {
		return ""
	}
	for _, name := range names {
		if len(name) > 2*maxValue {
			continue
		}
		if d := spelling.Distance(strings.ToLower(value), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	return best
}

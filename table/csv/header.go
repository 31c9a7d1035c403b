package csv

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"github.com/pluvia-ml/pluvia/table"
)

// input is a file in memory whose header has been read.
type input struct {
	data   []byte
	comma  byte
	stops  [256]bool // bytes at which an unquoted cell ends, or breaks a rule
	rules  *table.Rules
	header []byte // as it stands, without its line end
	fields []int  // for each column, the field of the schema, or -1
	first  int    // where the rows begin
	lines  int    // line ends before them
}

// open reads the header.
func open(data []byte, s *table.Schema, opts Options) (*input, *table.Report, error) {
	if err := notText(data); err != nil {
		return nil, nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // byte-order mark of UTF-8
	in := &input{data: data, comma: opts.Comma, rules: table.NewRules(s)}
	in.stops[opts.Comma], in.stops['\n'], in.stops['"'] = true, true, true

	head := data[:min(len(data), MaxRow)]
	r := csv.NewReader(bytes.NewReader(head))
	r.Comma = rune(opts.Comma)
	names, err := r.Read()
	in.first = int(r.InputOffset())
	switch {
	case err != nil && len(head) == len(data) && len(bytes.TrimSpace(data)) == 0:
		return nil, nil, &table.InputError{Text: "the file is empty; it must begin with a header that names the columns"}
	case in.first == len(head) && len(head) < len(data):
		return nil, nil, &table.InputError{Line: 1, Text: fmt.Sprintf("the header is longer than %d bytes; leave out columns that the schema does not have, and end it with a line end", MaxRow), Err: table.ErrTooLarge}
	case err != nil:
		return nil, nil, &table.InputError{Line: 1, Text: "the header cannot be read: " + err.Error() + "; quote whole names, and double a quote within one", Err: err}
	case len(names) > MaxColumns:
		return nil, nil, &table.InputError{Line: 1, Text: fmt.Sprintf("the header names %d columns, and at most %d are allowed; leave out those that the schema does not have", len(names), MaxColumns), Err: table.ErrTooLarge}
	}
	in.lines = bytes.Count(data[:in.first], []byte{'\n'})
	in.header = bytes.TrimRight(bytes.TrimLeft(data[:in.first], "\r\n"), "\r\n")

	report := &table.Report{}
	if err := in.match(names, s, opts, report); err != nil {
		return nil, nil, err
	}
	return in, report, nil
}

// match finds the field of each column, and says everything that is wrong with the header.
func (in *input) match(names []string, s *table.Schema, opts Options, report *table.Report) error {
	in.fields = make([]int, len(names))
	found := make([]bool, len(s.Fields))
	fields := make(map[string]int, len(s.Fields))
	for i, name := range s.Names() {
		fields[name] = i
	}
	var twice, missing []string
	for i, name := range names {
		in.fields[i] = -1
		if field, known := fields[name]; !known {
			report.Ignored = append(report.Ignored, name)
		} else if found[field] {
			twice = append(twice, name)
		} else {
			in.fields[i], found[field] = field, true
		}
	}
	// A file of another kind has none of the columns, were they all optional.
	none := !slices.Contains(found, true)
	for field, ok := range found {
		switch {
		case ok:
		case s.Fields[field].Optional && !none:
			report.Absent = append(report.Absent, s.Fields[field].Name)
		default:
			missing = append(missing, s.Fields[field].Name)
		}
	}
	var wrong, remedies []string
	if len(missing) > 0 {
		wrong = append(wrong, fmt.Sprintf("no column %s", list(missing)))
		remedies = append(remedies, "add what is missing, with empty cells where nothing is known")
	}
	if len(twice) > 0 {
		wrong = append(wrong, fmt.Sprintf("more than one column %s", list(twice)))
		remedies = append(remedies, "keep one column of each name")
	}
	if opts.Strict && len(report.Ignored) > 0 {
		wrong = append(wrong, fmt.Sprintf("columns that the schema does not have: %s", list(report.Ignored)))
		remedies = append(remedies, "leave out what the schema does not have")
	}
	if len(wrong) == 0 {
		return nil
	}
	text := "the header has " + strings.Join(wrong, ", and ")
	if len(missing) > 0 {
		text += "; it names " + list(names)
		if len(names) == 1 {
			text += fmt.Sprintf(", which has no %q in it: are the cells separated by another character?", in.comma)
		}
	}
	return &table.InputError{Line: in.lines, Text: text + "; " + strings.Join(remedies, ", and ")}
}

// list names things, the first 30 of them.
func list(names []string) string {
	const most = 30
	quoted := make([]string, 0, most)
	for _, name := range names[:min(most, len(names))] {
		quoted = append(quoted, fmt.Sprintf("%.64q", name))
	}
	text := strings.Join(quoted, ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// notText recognises what people give for a CSV file by mistake.
func notText(data []byte) error {
	for _, kind := range []struct{ magic, what string }{
		{"\xff\xfe", "the file is UTF-16; save it as UTF-8 (or convert it with iconv -f UTF-16 -t UTF-8)"},
		{"\xfe\xff", "the file is UTF-16; save it as UTF-8 (or convert it with iconv -f UTF-16 -t UTF-8)"},
		{"PAR1", "the file is Parquet, not CSV"},
		{"PK\x03\x04", "the file is a ZIP archive or a spreadsheet, not CSV; save the sheet as CSV in UTF-8"},
		{"\xd0\xcf\x11\xe0", "the file is a spreadsheet, not CSV; save the sheet as CSV in UTF-8"},
	} {
		if bytes.HasPrefix(data, []byte(kind.magic)) {
			return &table.InputError{Text: kind.what}
		}
	}
	line, _, _ := bytes.Cut(data[:min(len(data), MaxRow)], []byte{'\n'})
	if bytes.IndexByte(line, 0) >= 0 {
		return &table.InputError{Line: 1, Text: "the header has a NUL byte in it; the file may be UTF-16 or no text at all; save it as UTF-8"}
	}
	if line = bytes.TrimSuffix(line, []byte{'\r'}); bytes.IndexByte(line, '\r') >= 0 {
		return &table.InputError{Line: 1, Text: "the header has a carriage return in it; lines must end with LF or CRLF"}
	}
	return nil
}

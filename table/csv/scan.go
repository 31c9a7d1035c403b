package csv

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia/table"
)

// part is a run of whole rows.
type part struct {
	start, limit int // rows that begin in data[start:limit] belong to it
	end          int // where its last row ends, or the line end behind it
	lines        int // line ends in it
	rows         *table.Builder
	err          *table.InputError // Line counts from the beginning of the part

	cell []byte // of the last quoted cell, without its quotes
}

// Rules for whole rows.
const (
	ruleQuotes = "a row whose quoted cells are in quotes from end to end, with the quotes inside doubled"
	ruleUTF8   = "text in UTF-8; the file may be Latin-1 (convert it with iconv -f LATIN1 -t UTF-8)"
	ruleNUL    = "text without NUL bytes"
	ruleHeader = "a row of values; this is the header again, so two files may have been joined"
)

// scan reads the rows of a part.
func (in *input) scan(p *part) {
	chunk := in.data[p.start:p.limit]
	// A row has a byte for each cell at least.
	rows := min(bytes.Count(chunk, []byte{'\n'}), len(chunk)/len(in.fields)) + 1
	p.rows = in.rules.Builder(rows)
	// Hardly any file has what no text has, so rows are looked at only if it does.
	odd := bytes.IndexByte(chunk, 0) >= 0 || !utf8.Valid(chunk)
	pos := p.start
	for pos < p.limit && p.err == nil {
		switch {
		case in.data[pos] == '\n':
			pos++
			p.lines++
			continue
		case in.data[pos] == '\r' && in.lineEnd(pos):
			pos++
			continue
		}
		p.rows.Line(p.lines + 1)
		start := pos
		if in.headerAt(pos) {
			pos += len(in.header)
			p.fault(in.header, ruleHeader)
		} else {
			pos = in.row(p, pos)
		}
		if row := in.data[start:pos]; odd || pos > p.limit {
			if bytes.IndexByte(row, 0) >= 0 {
				p.fault(row, ruleNUL)
			} else if !utf8.Valid(row) {
				p.fault(row, ruleUTF8)
			}
		}
		p.rows.EndRow()
	}
	p.end = pos
}

// row reads the cells of the row that begins at pos, and gives the position of
// the line end behind it.
func (in *input) row(p *part, pos int) int {
	data, start, first := in.data, pos, p.lines+1
	for cell := 0; ; cell++ {
		var text []byte
		whole := true
		if pos < len(data) && data[pos] == '"' {
			var closed bool
			text, pos, closed = in.quoted(p, pos, start+MaxRow)
			if !closed {
				p.err = &table.InputError{Line: first, Text: fmt.Sprintf(
					"a quote is opened in column %d, and not closed before the end of the file or of %d bytes; close it, or double it if it belongs to the value", cell+1, MaxRow)}
				return pos
			}
			whole = in.lineEnd(pos) || data[pos] == in.comma
		} else {
			begin := pos
			for pos < len(data) && !in.stops[data[pos]] {
				pos++
			}
			text = data[begin:pos]
			whole = pos == len(data) || data[pos] != '"'
			if n := len(text); n > 0 && text[n-1] == '\r' && in.lineEnd(pos) {
				text = text[:n-1]
			}
		}
		if !whole {
			// Where the cells end is not known any more, but the row ends with the line.
			for pos < len(data) && data[pos] != '\n' {
				pos++
			}
			p.fault(data[start:pos], ruleQuotes)
			return pos
		}
		if pos-start > MaxRow {
			p.err = &table.InputError{Line: first, Text: fmt.Sprintf("the row is longer than %d bytes; look for a line end that is not there, or cut it", MaxRow), Err: table.ErrTooLarge}
			return pos
		}
		if cell < len(in.fields) && in.fields[cell] >= 0 {
			p.rows.Text(in.fields[cell], text)
		}
		if pos < len(data) && data[pos] == in.comma {
			pos++
			continue
		}
		if cell+1 != len(in.fields) {
			p.fault(data[start:pos], fmt.Sprintf("a row of %d cells, as the header has; it has %d", len(in.fields), cell+1))
		}
		return pos
	}
}

// quoted reads the cell whose opening quote is at pos, and gives the position
// behind the closing one. As in encoding/csv, a CRLF in it becomes a line feed.
func (in *input) quoted(p *part, pos, limit int) (text []byte, next int, closed bool) {
	data := in.data[:min(limit, len(in.data))]
	p.cell = p.cell[:0]
	for pos++; pos < len(data); pos++ {
		switch c := data[pos]; {
		case c == '"':
			if pos+1 == len(data) || data[pos+1] != '"' {
				return p.cell, pos + 1, true
			}
			pos++
		case c == '\n':
			p.lines++
		case c == '\r' && pos+1 < len(data) && data[pos+1] == '\n':
			continue
		}
		p.cell = append(p.cell, data[pos])
	}
	return nil, pos, false
}

// lineEnd says whether a line ends at pos: with a line feed, a carriage return
// before one, or the file.
func (in *input) lineEnd(pos int) bool {
	if pos < len(in.data) && in.data[pos] == '\r' {
		pos++
	}
	return pos == len(in.data) || in.data[pos] == '\n'
}

// headerAt says whether the header stands at pos once more.
func (in *input) headerAt(pos int) bool {
	return bytes.HasPrefix(in.data[pos:], in.header) && in.lineEnd(pos+len(in.header))
}

func (p *part) fault(row []byte, rule string) {
	const most = 100 // more than a fault keeps
	p.rows.Fault(table.Fault{Value: string(row[:min(len(row), most)]), Rule: rule})
}

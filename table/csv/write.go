package csv

import (
	"bytes"
	"io"
	"math"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/pluvia-ml/pluvia/table"
)

// Write writes a header and then the rows, with line feeds: a number as the
// shortest decimal that gives it back, a category by name, a date as
// 2006-01-02, and nothing where a value is missing. [Read] reads the same table.
func Write(w io.Writer, t *table.Table) error { return WriteMissing(w, t, "") }

// WriteMissing is Write with a text in place of missing values, such as "NA".
func WriteMissing(w io.Writer, t *table.Table, missing string) error {
	header := make([]byte, 0, 1024)
	for i, name := range t.Names() {
		if i > 0 {
			header = append(header, ',')
		}
		header = append(header, quote(name)...)
	}
	if _, err := w.Write(append(header, '\n')); err != nil {
		return err
	}

	columns := make([]printer, len(t.Columns()))
	for i, c := range t.Columns() {
		columns[i] = printer{Column: c, missing: quote(missing)}
		if len(columns) == 1 && missing == "" {
			columns[i].missing = `""` // or the row would be an empty line, which is none
		}
		for _, level := range c.Levels {
			columns[i].levels = append(columns[i].levels, quote(level))
		}
	}
	// Blocks of rows become text in parallel and are written in order, as many
	// at a time as there are processors.
	const block = 8192
	texts := make([]bytes.Buffer, runtime.GOMAXPROCS(0))
	for from := 0; from < t.Rows(); from += block * len(texts) {
		var wg sync.WaitGroup
		for i := range texts {
			start := min(from+i*block, t.Rows())
			end := min(start+block, t.Rows())
			wg.Go(func() { render(&texts[i], columns, start, end) })
		}
		wg.Wait()
		for i := range texts {
			if _, err := w.Write(texts[i].Bytes()); err != nil {
				return err
			}
		}
	}
	return nil
}

// printer is a column with the texts of its levels and of missing, quoted.
type printer struct {
	*table.Column
	levels  []string
	missing string
}

func render(out *bytes.Buffer, columns []printer, from, to int) {
	out.Reset()
	text := out.AvailableBuffer()
	known := make([]decimals, len(columns))
	for row := from; row < to; row++ {
		for i := range columns {
			if i > 0 {
				text = append(text, ',')
			}
			switch c := &columns[i]; c.Kind {
			case table.Category:
				if code := c.Codes[row]; code < 0 {
					text = append(text, c.missing...)
				} else {
					text = append(text, c.levels[code]...)
				}
			case table.Date:
				if day := c.Days[row]; day == table.MissingDay {
					text = append(text, c.missing...)
				} else {
					text = day.Append(text)
				}
			default:
				if v := c.Numbers[row]; math.IsNaN(v) {
					text = append(text, c.missing...)
				} else {
					text = known[i].append(text, v)
				}
			}
		}
		text = append(text, '\n')
	}
	out.Write(text)
}

// decimals remembers how numbers are written. The shortest decimal takes 100 ns
// to find, and a measured column has a few hundred distinct numbers, also when
// they have been scaled to 17 digits: a table of those is written 5 times as fast.
type decimals [256]struct {
	bits uint64
	text [24]byte
	n    uint8 // 0 when there is none
}

func (d *decimals) append(text []byte, v float64) []byte {
	bits := math.Float64bits(v)
	known := &d[bits*0x9e3779b97f4a7c15>>56]
	if known.n > 0 && known.bits == bits {
		return append(text, known.text[:known.n]...)
	}
	start := len(text)
	text = strconv.AppendFloat(text, v, 'f', -1, 64)
	if n := len(text) - start; n <= len(known.text) {
		known.bits, known.n = bits, uint8(n)
		copy(known.text[:], text[start:])
	}
	return text
}

// quote puts a cell in quotes if it needs them.
func quote(cell string) string {
	if !strings.ContainsAny(cell, ",\"\r\n") {
		return cell
	}
	return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
}

// Package chart draws plots as SVG: lines, points with intervals, bars,
// histograms and places on a map. A chart is a value; drawing it is a pure
// function, so that equal charts are equal bytes.
//
// There are two ways out. [Inline] is for a page: no title text (the page has
// its own heading), colours from the page's style sheet, to which [CSS] must
// be added. [Standalone] is a file: title and subtitle drawn, colours for light
// and dark inside.
//
// Numbers that are not finite are left out, never written; a chart without any
// number says so in words. Text is escaped, whatever it holds. The package
// knows nothing of what its numbers mean, and it reads and writes no files.
//
// The manner follows Tufte, The Visual Display of Quantitative Information:
// three to five grid lines, a label at its line instead of a legend.
package chart

import (
	_ "embed"
	"html"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// CSS styles the classes of an [Inline] chart by the custom properties --ink,
// --soft, --line, --card, --land, --accent, --second and
// --p0 to --p6 (a probability's shade).
//
//go:embed chart.css
var CSS string

// tokens are the colours of a Standalone chart, those of the console.
const tokens = `:root{--ink:#16202c;--soft:#5b6876;--line:#e1e6ec;--card:#fff;--land:#e7ebe4;--accent:#1660b8;--second:#9a5b00;--p0:#eef4fb;--p1:#cfe1f5;--p2:#a6c8ec;--p3:#73a8de;--p4:#4386cc;--p5:#1f63ad;--p6:#0d3f7c;font-family:system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf1;--soft:#94a1b0;--line:#28323d;--card:#171e26;--land:#232c33;--accent:#6cb0ff;--second:#f0b357;--p0:#1f2f42;--p1:#24466b;--p2:#2a5d94;--p3:#3a7cbf;--p4:#5c9cdd;--p5:#8bbdf0;--p6:#c5e0fb}}
.page{fill:var(--card)}
`

// Caption is the text of a chart.
type Caption struct {
	Title    string // what the chart shows: "It ranks better than before"
	Subtitle string // what it is: "ROC curve, test part, 25,974 rows"
	Language string // how numbers are written: "en" (also when empty) or "es"
	Empty    string // said when there is nothing to draw; "No data" when empty
}

// Axis is one axis of a chart.
type Axis struct {
	Label string // what is measured
	Unit  string // written behind the label: "mm"; "%" is written behind each number and multiplies it by 100
	// Min and Max bound the axis; when they are equal, the data does.
	Min, Max float64
	Plain    bool // numbers without marks of thousands: years
}

// Chart is one of this package's charts.
type Chart interface {
	caption() Caption
	class() string
	// draw draws below what the canvas has already, and sets its height.
	draw(c *canvas)
}

// Inline is the chart as an SVG element for a page that has [CSS].
func Inline(ch Chart) string {
	c := newCanvas(ch)
	ch.draw(c)
	return c.close(ch, "")
}

// Standalone is the chart as an SVG file.
func Standalone(ch Chart) []byte {
	c := newCanvas(ch)
	c.head()
	ch.draw(c)
	return []byte(c.close(ch, "<style>"+tokens+CSS+"</style><rect class=\"page\" width=\"100%\" height=\"100%\"/>"))
}

// width of every chart but a map, in the units of its view box.
const width = 400

// limit is the greatest magnitude that is drawn: differences stay finite.
const limit = 1e300

func finite(v float64) bool { return v >= -limit && v <= limit }

// canvas collects the elements of one SVG.
type canvas struct {
	b             strings.Builder
	text          Caption
	width, height float64
	top           float64 // where the chart begins, below the head
}

func newCanvas(ch Chart) *canvas {
	text := ch.caption()
	if text.Empty == "" {
		text.Empty = "No data"
		if text.Language == "es" {
			text.Empty = "Sin datos"
		}
	}
	return &canvas{text: text, width: width}
}

func (c *canvas) close(ch Chart, before string) string {
	label := c.text.Title
	if c.text.Subtitle != "" {
		label += ". " + c.text.Subtitle
	}
	role := "img"
	if strings.Contains(c.b.String(), "<a ") {
		role = "group" // an image has nothing in it to point at
	}
	xmlns, view := "", "0 0 "+number(c.width)+" "+number(c.height)
	if before != "" {
		xmlns = ` xmlns="http://www.w3.org/2000/svg" width="` + number(c.width*1.5) + `" height="` + number(c.height*1.5) + `"`
	}
	return `<svg` + xmlns + ` class="` + ch.class() + `" viewBox="` + view + `" role="` + role + `" aria-label="` + escape(label) + `">` +
		before + c.b.String() + "</svg>\n"
}

// head writes title and subtitle at the top, each on as many lines as it needs, at most three.
func (c *canvas) head() {
	c.top = 8
	for _, part := range []struct {
		class, text string
		size        float64
	}{{"title", c.text.Title, 15}, {"sub", c.text.Subtitle, 12}} {
		for _, line := range wrap(part.text, int((c.width-16)/(part.size*0.54)), 3) {
			c.top += part.size * 1.3
			c.words(part.class, 8, c.top-3, line)
		}
	}
	c.top += 8
}

// nothing draws the empty state.
func (c *canvas) nothing(height float64) {
	c.height = c.top + height
	c.raw(`<rect class="void" x="8" y="` + number(c.top+8) + `" width="` + number(c.width-16) + `" height="` + number(height-16) + `" rx="6"/>`)
	c.words("empty", c.width/2, c.top+height/2+4, c.text.Empty)
}

func (c *canvas) raw(s string) { c.b.WriteString(s) }

func (c *canvas) words(class string, x, y float64, text string) {
	c.raw(`<text class="` + class + `" x="` + number(x) + `" y="` + number(y) + `">` + escape(text) + `</text>`)
}

// number writes a coordinate, to a tenth. What is not finite becomes 0: no
// fault of a caller may put NaN into a file.
func number(v float64) string {
	if !finite(v) {
		return "0"
	}
	v = math.Round(v*10) / 10
	if v == 0 {
		return "0" // never -0
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// escape makes text safe in XML, as text and as an attribute: characters that
// XML does not know become U+FFFD.
func escape(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < 0x20 || r == 0x7f || r == 0xfffe || r == 0xffff:
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	return html.EscapeString(text)
}

// cut shortens text to n characters, the last one an ellipsis.
func cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return strings.TrimSpace(string([]rune(text)[:n-1])) + "…"
}

// wrap breaks text into lines of at most n characters, at most most of them.
func wrap(text string, n, most int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > n {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		lines = append(lines, line)
	}
	if len(lines) > most {
		lines[most-1] = strings.Join(lines[most-1:], " ")
		lines = lines[:most]
	}
	for i := range lines {
		lines[i] = cut(lines[i], n)
	}
	return lines
}

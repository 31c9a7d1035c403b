package chart

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Place is a point on a map, in the units of the map's outline.
type Place struct {
	Name     string
	X, Y     float64
	Value    float64 // from 0 to 1, drawn as one of seven shades; anything else is drawn plain
	Selected bool    // drawn larger, with its name beside it
	Link     string  // where a click goes, from "/", "?" or "#" on; anything else is no link
}

// Map is places over an outline.
type Map struct {
	Caption
	Width, Height float64 // of the outline
	Outline       string  // SVG path data; what is not path data is not drawn
	Places        []Place
}

func (ch Map) caption() Caption { return ch.Caption }
func (ch Map) class() string    { return "plot map" }

var pathData = regexp.MustCompile(`^[MmLlHhVvCcSsQqTtAaZz0-9eE+\-., \t\r\n]*$`)

func (ch Map) draw(c *canvas) {
	if !(ch.Width > 0 && ch.Height > 0 && finite(ch.Width) && finite(ch.Height)) || !pathData.MatchString(ch.Outline) {
		c.nothing(260)
		return
	}
	// The outline keeps its own units: text is scaled to them instead.
	c.width = max(ch.Width, 1)
	unit := c.width / width
	margin := 8 * unit
	c.width += 2 * margin
	c.height = c.top + ch.Height + 2*margin
	c.raw(`<g transform="translate(` + number(margin) + " " + number(c.top+margin) + `)"><path class="land" d="` + escape(ch.Outline) + `"/>`)
	selected := -1
	for i, p := range ch.Places {
		if p.Selected {
			selected = i
			continue
		}
		ch.place(c, p, 4*unit)
	}
	if selected >= 0 {
		p := ch.Places[selected]
		ch.place(c, p, 7*unit)
		if finite(p.X) && finite(p.Y) {
			// The name stands on the side where there is room for it.
			x, class := p.X+11*unit, "here"
			if x+float64(utf8.RuneCountInString(p.Name))*8*unit > ch.Width {
				x, class = p.X-11*unit, "here end"
			}
			c.raw(`<g transform="translate(` + number(x) + " " + number(p.Y+5*unit) + `) scale(` + strconv.FormatFloat(unit, 'g', 4, 64) + `)">`)
			c.words(class, 0, 0, cut(p.Name, 40))
			c.raw(`</g>`)
		}
	}
	c.raw(`</g>`)
}

func (ch Map) place(c *canvas, p Place, radius float64) {
	if !finite(p.X) || !finite(p.Y) {
		return
	}
	class := "place"
	if p.Value >= 0 && p.Value <= 1 {
		class += " p" + string(rune('0'+min(6, int(p.Value*7))))
	}
	if p.Selected {
		class += " selected"
	}
	linked := p.Link != "" && strings.Contains("/?#", p.Link[:1])
	if linked {
		c.raw(`<a href="` + escape(p.Link) + `">`)
	}
	c.raw(`<circle class="` + class + `" cx="` + number(p.X) + `" cy="` + number(p.Y) + `" r="` + number(radius) + `"><title>` + escape(p.Name) + `</title></circle>`)
	if linked {
		c.raw(`</a>`)
	}
}

package chart

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Place is a point on a map, in the units of the map's outline.
type Place struct {
	Name     string
	X, Y     float64
	Value    float64 // from 0 to 1, drawn as one of seven shades; anything else is drawn plain
	Label    string  // written beside it where there is room, those of the greatest values first; "" for none
	Selected bool    // drawn larger, with its name beside it
	// Link is where a click goes, from "/", "?" or "#" on; anything else is no
	// link. It is no stop for the keyboard: a page lists the same links.
	Link string
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
	order := make([]int, len(ch.Places)) // the greatest values are drawn last, on top
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ch.Places[a].Value, ch.Places[b].Value) })
	for _, i := range order {
		if ch.Places[i].Selected {
			selected = i
			continue
		}
		ch.place(c, ch.Places[i], dot*unit)
	}
	ch.labels(c, order, unit)
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

// dot is the radius of a place, in units of a chart that is width wide.
const dot = 4.5

// labels writes the labels for which there is room: on the right, on the left,
// below or above their place, over no other place and no other label.
func (ch Map) labels(c *canvas, order []int, unit float64) {
	var taken []box
	around := func(p Place, r float64) box { return box{p.X - r, p.Y - r, p.X + r, p.Y + r} }
	for _, p := range ch.Places {
		if finite(p.X) && finite(p.Y) {
			taken = append(taken, around(p, dot*unit))
		}
	}
	for _, i := range slices.Backward(order) {
		p := ch.Places[i]
		label := cut(p.Label, 40)
		if label == "" || p.Selected || !finite(p.X) || !finite(p.Y) {
			continue
		}
		w, h, gap := float64(utf8.RuneCountInString(label))*5.9*unit, 11*unit, (dot+2.5)*unit
		for _, side := range []struct {
			class string
			x, y  float64 // where the text begins, ends or has its middle; its foot
			left  float64
		}{
			{"spot", p.X + gap, p.Y + 3.5*unit, p.X + gap},
			{"spot end", p.X - gap, p.Y + 3.5*unit, p.X - gap - w},
			{"spot mid", p.X, p.Y + gap + 8*unit, p.X - w/2},
			{"spot mid", p.X, p.Y - gap, p.X - w/2},
		} {
			b := box{side.left, side.y - h + 2*unit, side.left + w, side.y + 2*unit}
			if b.left < 0 || b.right > ch.Width || b.top < 0 || b.bottom > ch.Height || slices.ContainsFunc(taken, b.meets) {
				continue
			}
			taken = append(taken, b)
			c.raw(`<g transform="translate(` + number(side.x) + " " + number(side.y) + `) scale(` + strconv.FormatFloat(unit, 'g', 4, 64) + `)">`)
			c.words(side.class, 0, 0, label)
			c.raw(`</g>`)
			break
		}
	}
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
		c.raw(`<a href="` + escape(p.Link) + `" tabindex="-1">`)
	}
	c.raw(`<circle class="` + class + `" cx="` + number(p.X) + `" cy="` + number(p.Y) + `" r="` + number(radius) + `"><title>` + escape(p.Name) + `</title></circle>`)
	if linked {
		c.raw(`</a>`)
	}
}

package chart

import "math"

// Bar is a named value.
type Bar struct {
	Name  string
	Value float64
}

// Bars is a plot of horizontal bars in the order given: importance, counts by
// category. Values below zero go to the left of a common base.
type Bars struct {
	Caption
	X    Axis
	Bars []Bar
	Most int // bars that are drawn, 40 when 0; how many are left out is said
}

func (ch Bars) caption() Caption { return ch.Caption }
func (ch Bars) class() string    { return "plot" }

func (ch Bars) draw(c *canvas) {
	lo, hi := 0.0, 0.0
	var bars []Bar
	for _, b := range ch.Bars {
		if finite(b.Value) {
			bars = append(bars, b)
		}
	}
	if len(bars) == 0 {
		c.nothing(120)
		return
	}
	most := ch.Most
	if most <= 0 {
		most = 40
	}
	left := max(0, len(bars)-most)
	bars = bars[:len(bars)-left]
	widest, widestValue := 0, 0
	for _, b := range bars {
		lo, hi = min(lo, b.Value), max(hi, b.Value)
		widest = max(widest, len([]rune(cut(b.Name, 24))))
	}
	x := newScale(Axis{Label: ch.X.Label, Unit: ch.X.Unit, Min: lo, Max: hi}, lo, hi, c.text.Language)
	if lo == hi { // all are 0
		x = newScale(Axis{Label: ch.X.Label, Unit: ch.X.Unit, Max: 1}, 0, 1, c.text.Language)
	}
	for _, b := range bars {
		widestValue = max(widestValue, len([]rune(x.label3(b.Value))))
	}
	room := float64(widestValue)*6.9 + 12
	names := 14 + float64(widest)*6.9
	x.from, x.to = names, c.width-room
	if lo < 0 {
		x.from += room
	}
	top := c.top + 6
	if x.name() != "" {
		c.words("name", 8, top+10, x.name())
		top += 18
	}
	const row = 19.0
	zero := x.at(0)
	c.raw(`<g class="bars">`)
	for i, b := range bars {
		y := top + float64(i)*row
		from, to := zero, x.at(b.Value)
		c.raw(`<g>`)
		if name := cut(b.Name, 24); name != b.Name {
			c.raw(`<title>` + escape(b.Name) + `</title>`)
		}
		c.words("who", names-6, y+13, cut(b.Name, 24))
		c.raw(`<rect x="` + number(min(from, to)) + `" y="` + number(y+3) + `" width="` + number(math.Abs(to-from)) + `" height="13" rx="1.5"/>`)
		if b.Value < 0 {
			c.words("value end", to-4, y+13, x.label3(b.Value))
		} else {
			c.words("value", to+4, y+13, x.label3(b.Value))
		}
		c.raw(`</g>`)
	}
	bottom := top + float64(len(bars))*row
	c.raw(`</g><path class="base" d="M` + number(zero) + " " + number(top) + "V" + number(bottom) + `"/>`)
	if left > 0 {
		bottom += 16
		word := " more"
		if c.text.Language == "es" {
			word = " más"
		}
		c.words("note", x.from, bottom, "+ "+Number(float64(left), 0, c.text.Language)+word)
	}
	c.height = bottom + 8
}

package chart

import (
	"math"
	"slices"
)

// Interval is an estimate with its interval and the number of rows behind it.
type Interval struct {
	X, Y      float64
	Low, High float64 // of Y; left out unless Low <= Y <= High
	Count     int     // rows; 0 when not known
}

// Intervals is a plot of points with intervals: a reliability diagram. Under
// the plot stands a bar for the count of each of the first points.
type Intervals struct {
	Caption
	X, Y     Axis
	Points   []Interval
	Name     string     // of Points, written in their colour; "" for none
	Second   []Interval // what Points are compared with, in the second hue
	Versus   string     // the name of Second
	Counts   string     // what is counted: "rows"
	Diagonal bool
}

func (ch Intervals) caption() Caption { return ch.Caption }
func (ch Intervals) class() string    { return "plot" }

func (ch Intervals) draw(c *canvas) {
	points, second := sound(ch.Points), sound(ch.Second)
	lo, hi := Point{math.Inf(1), math.Inf(1)}, Point{math.Inf(-1), math.Inf(-1)}
	most := 0
	for _, p := range slices.Concat(points, second) {
		lo, hi = Point{min(lo.X, p.X), min(lo.Y, p.Low)}, Point{max(hi.X, p.X), max(hi.Y, p.High)}
	}
	for _, p := range points {
		most = max(most, p.Count)
	}
	if len(points) == 0 {
		c.nothing(260)
		return
	}
	height, foot := 300.0, 0.0
	if most > 0 {
		height, foot = 340, 46
	}
	p := newPlane(c, newScale(ch.X, lo.X, hi.X, c.text.Language), newScale(ch.Y, lo.Y, hi.Y, c.text.Language), height, foot)
	if ch.Diagonal {
		p.diagonal()
	}
	if most > 0 {
		c.raw(`<g class="counts">`)
		base := p.y.from + foot
		wide := min(18, (p.x.to-p.x.from)/float64(len(points))*0.7)
		for _, q := range points {
			h := 30 * float64(max(0, q.Count)) / float64(most)
			c.raw(`<rect x="` + number(p.x.at(q.X)-wide/2) + `" y="` + number(base-h) + `" width="` + number(wide) + `" height="` + number(h) + `"><title>` +
				escape(Number(float64(q.Count), 0, c.text.Language)+" "+ch.Counts) + `</title></rect>`)
		}
		c.raw(`</g><path class="base" d="M` + number(p.x.from) + " " + number(base) + "H" + number(p.x.to) + `"/>`)
		c.words("note", p.x.from+2, p.y.from+12, Number(float64(most), 0, c.text.Language)+" "+ch.Counts)
	}
	p.intervals("points second", second)
	p.intervals("points", points)
	// The corner above the diagonal is where such a plot is empty.
	foot = p.y.to + 14
	for _, name := range [2]struct{ class, text string }{{"label", ch.Name}, {"label second", ch.Versus}} {
		if name.text != "" {
			c.words(name.class, p.x.from+8, foot, cut(name.text, 40))
			foot += 16
		}
	}
}

// sound are the points that can be drawn, an interval that holds not its point made empty.
func sound(points []Interval) []Interval {
	var out []Interval
	for _, p := range points {
		if !finite(p.X) || !finite(p.Y) {
			continue
		}
		if !(p.Low <= p.Y && p.Y <= p.High && finite(p.Low) && finite(p.High)) {
			p.Low, p.High = p.Y, p.Y
		}
		out = append(out, p)
	}
	return out
}

func (p *plane) intervals(class string, points []Interval) {
	if len(points) == 0 {
		return
	}
	p.c.raw(`<g class="` + class + `">`)
	for _, q := range points {
		x := number(p.x.at(q.X))
		if q.Low < q.High {
			p.c.raw(`<path d="M` + x + " " + number(p.y.at(q.Low)) + "V" + number(p.y.at(q.High)) + `"/>`)
		}
		p.c.raw(`<circle cx="` + x + `" cy="` + number(p.y.at(q.Y)) + `" r="3.5"><title>` +
			escape(p.x.label3(q.X)+" → "+p.y.label3(q.Y)) + `</title></circle>`)
	}
	p.c.raw(`</g>`)
}

// label3 writes a value with three significant digits.
func (s *scale) label3(v float64) string {
	if s.axis.Unit == "%" {
		if s.language == "es" {
			return Number(v*100, 1, s.language) + " %"
		}
		return Number(v*100, 1, s.language) + "%"
	}
	return Short(v, s.language)
}

package chart

import (
	"math"
	"strconv"
	"strings"
)

// scale maps an axis to the canvas.
type scale struct {
	axis     Axis
	lo, hi   float64 // in data
	from, to float64 // on the canvas; to lies above from for a vertical axis
	step     float64 // between ticks
	language string
}

func (s *scale) at(v float64) float64 {
	v = min(max(v, s.lo), s.hi)
	return s.from + (v-s.lo)/(s.hi-s.lo)*(s.to-s.from)
}

// steps are the nice lengths between ticks, over a power of ten.
var steps = []float64{1, 2, 2.5, 5, 10}

// newScale makes a scale over [lo, hi], or over the axis's own bounds when it
// has some. Free ends are moved out to ticks.
func newScale(a Axis, lo, hi float64, language string) scale {
	fixed := finite(a.Min) && finite(a.Max) && a.Min < a.Max
	if fixed {
		lo, hi = a.Min, a.Max
	}
	// A range that is a point, or too small for its place to hold ticks, is widened.
	if least := max(math.Abs(lo), math.Abs(hi)) * 1e-9; hi-lo <= least {
		room := max(math.Abs(lo)*0.1, least, 0.5)
		if lo == 0 {
			hi = 1
		} else {
			lo, hi = lo-room, hi+room
		}
	}
	s := scale{axis: a, lo: lo, hi: hi, language: language}
	// The finest nice step that gives at most five ticks.
	power := math.Pow(10, math.Floor(math.Log10((hi-lo)/10)))
	for try := 0; try < 3 && s.step == 0; try++ {
		for _, m := range steps {
			step := m * power
			if a.Plain && step != math.Trunc(step) {
				continue // there is no half a year
			}
			first, last := math.Floor(lo/step+1e-9), math.Ceil(hi/step-1e-9)
			if fixed {
				first, last = math.Ceil(lo/step-1e-9), math.Floor(hi/step+1e-9)
			}
			if last-first <= 4 {
				s.step = step
				break
			}
		}
		power *= 10
	}
	if !fixed {
		s.lo, s.hi = math.Floor(lo/s.step+1e-9)*s.step, math.Ceil(hi/s.step-1e-9)*s.step
	}
	return s
}

// ticks are the nice numbers on the axis, at most five.
func (s *scale) ticks() []float64 {
	var ticks []float64
	for i := math.Ceil(s.lo/s.step - 1e-9); i <= math.Floor(s.hi/s.step+1e-9) && len(ticks) < 6; i++ {
		ticks = append(ticks, i*s.step)
	}
	return ticks
}

// label writes a tick with as many decimals as the step needs.
func (s *scale) label(v float64) string {
	step, suffix := s.step, ""
	if s.axis.Unit == "%" {
		v, step, suffix = v*100, step*100, " %"
		if s.language != "es" {
			suffix = "%"
		}
	}
	if s.axis.Plain {
		return strings.ReplaceAll(strconv.FormatFloat(v, 'f', -1, 64), "-", "−")
	}
	if math.Abs(v) >= 1e6 || step >= 1e5 || step < 1e-4 {
		return Short(v, s.language) + suffix
	}
	decimals := 0
	for d := step; decimals < 4 && math.Abs(d-math.Round(d)) > 1e-6*d; decimals++ {
		d *= 10
	}
	return Number(v, decimals, s.language) + suffix
}

// name is the label with the unit.
func (s *scale) name() string {
	if s.axis.Unit == "" || s.axis.Unit == "%" {
		return s.axis.Label
	}
	if s.axis.Label == "" {
		return s.axis.Unit
	}
	return s.axis.Label + " (" + s.axis.Unit + ")"
}

// plane is a plot with a horizontal and a vertical axis.
type plane struct {
	c    *canvas
	x, y scale
}

// newPlane places the scales on the canvas, height units high in all, keeps
// foot units free under the x axis, and draws grid and labels.
func newPlane(c *canvas, x, y scale, height, foot float64) plane {
	c.height = c.top + height
	widest := 0
	for _, v := range y.ticks() {
		widest = max(widest, len([]rune(y.label(v))))
	}
	top := c.top + 10
	if y.name() != "" {
		top += 14
		c.words("name", 8, c.top+14, y.name())
	}
	bottom := c.top + height - 24 - foot
	if x.name() != "" {
		bottom -= 15
		c.words("name end", c.width-10, c.top+height-6, x.name())
	}
	x.from, x.to = 16+float64(widest)*6.4, c.width-14
	y.from, y.to = bottom, top
	p := plane{c, x, y}

	c.raw(`<g class="grid">`)
	for _, v := range y.ticks() {
		c.raw(`<path d="M` + number(x.from) + " " + number(y.at(v)) + "H" + number(x.to) + `"/>`)
	}
	c.raw(`</g><g class="axis">`)
	for _, v := range y.ticks() {
		c.words("end", x.from-6, y.at(v)+4, y.label(v))
	}
	for _, v := range x.ticks() {
		class := "mid"
		if x.at(v) > c.width-24 {
			class = "end"
			v = min(v, x.hi)
			c.words(class, c.width-6, bottom+foot+16, x.label(v))
			continue
		}
		c.words(class, x.at(v), bottom+foot+16, x.label(v))
	}
	c.raw(`</g>`)
	return p
}

// diagonal draws the line from (0, 0) to (1, 1) as far as it is in sight.
func (p *plane) diagonal() {
	from, to := max(p.x.lo, p.y.lo), min(p.x.hi, p.y.hi)
	if from < to {
		p.c.raw(`<path class="diagonal" d="M` + p.point(from, from) + "L" + p.point(to, to) + `"/>`)
	}
}

func (p *plane) point(x, y float64) string { return number(p.x.at(x)) + " " + number(p.y.at(y)) }

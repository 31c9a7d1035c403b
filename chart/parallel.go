package chart

import (
	"math"
	"slices"
	"strings"
)

// Parallel is a plot of many values of each thing: an upright axis for each
// value, and a line through all axes for each thing. The first line is in the
// hue, the others are quiet.
//
// Source: A. Inselberg, The plane with parallel coordinates, 1985.
type Parallel struct {
	Caption
	Names []string // of the lines, written at their right end
	Axes  []Upright
}

// Upright is an axis of a [Parallel].
type Upright struct {
	Name   string
	Values []float64 // by line; what is not finite breaks the line
	// Levels are what the values 0, 1, 2... stand for, upwards; nil for numbers.
	Levels []string
}

func (ch Parallel) caption() Caption { return ch.Caption }
func (ch Parallel) class() string    { return "plot wide" }

const (
	parallelWidth  = 840
	parallelHeight = 330
	parallelNames  = 130 // room for the names of the lines
	levelsNamed    = 9   // of an axis; of more only the ends are
	labelStep      = 14  // between names of lines
)

func (ch Parallel) draw(c *canvas) {
	c.width = parallelWidth
	drawn := slices.ContainsFunc(ch.Axes, func(a Upright) bool { return slices.ContainsFunc(a.Values, finite) })
	if !drawn {
		c.nothing(160)
		return
	}
	c.height = c.top + parallelHeight
	top, bottom := c.top+44, c.height-26
	left, right := 56.0, float64(parallelWidth-parallelNames-20)
	apart := 0.0
	if len(ch.Axes) > 1 {
		apart = (right - left) / float64(len(ch.Axes)-1)
	}
	letters := 24
	if apart > 0 {
		letters = max(4, int(apart/6.4))
	}
	paths := make([]strings.Builder, len(ch.Names))
	ends := make([]Point, len(ch.Names)) // where each line ends; Y is NaN for one without a value
	pens := make([]byte, len(ch.Names))
	for i := range ch.Names {
		ends[i], pens[i] = Point{Y: math.NaN()}, 'M'
	}
	for i, axis := range ch.Axes {
		x := left + float64(i)*apart
		lo, hi := axis.bounds()
		at := func(v float64) float64 {
			if hi == lo {
				return (top + bottom) / 2
			}
			return bottom - (v-lo)/(hi-lo)*(bottom-top)
		}
		c.raw(`<path class="rule" d="M` + number(x) + " " + number(top) + "V" + number(bottom) + `"/>`)
		c.words("mid", x, c.top+16, cut(axis.Name, letters))
		for line := range ch.Names {
			if line >= len(axis.Values) || !finite(axis.Values[line]) {
				pens[line] = 'M'
				continue
			}
			y := at(axis.Values[line])
			paths[line].WriteByte(pens[line])
			paths[line].WriteString(number(x) + " " + number(y))
			if pens[line] == 'M' {
				paths[line].WriteString("h0") // a dot, also when no other axis has a value
			}
			pens[line], ends[line] = 'L', Point{x, y}
		}
		for _, tick := range axis.ticks(lo, hi) {
			text := Short(tick, c.text.Language)
			if axis.Levels != nil {
				text = cut(axis.Levels[int(tick)], letters)
			}
			c.words("end", x-5, at(tick)+4, text)
		}
	}
	for line := len(paths) - 1; line >= 0; line-- { // the first one on top
		if paths[line].Len() > 0 {
			c.raw(`<path class="` + Series{Quiet: line > 0}.class("line") + `" d="` + paths[line].String() + `"/>`)
		}
	}
	ch.names(c, ends, bottom)
}

// bounds are the least and the greatest finite value, or the whole of levels.
func (a Upright) bounds() (lo, hi float64) {
	if a.Levels != nil {
		return 0, float64(len(a.Levels) - 1)
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range a.Values {
		if finite(v) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return lo, hi
}

// ticks are the values that are named on the axis.
func (a Upright) ticks(lo, hi float64) []float64 {
	switch {
	case !finite(lo):
		return nil
	case lo == hi:
		return []float64{lo}
	case a.Levels != nil && len(a.Levels) <= levelsNamed:
		var all []float64
		for i := range a.Levels {
			all = append(all, float64(i))
		}
		return all
	case a.Levels != nil:
		return []float64{lo, hi}
	}
	return []float64{lo, lo + (hi-lo)/2, hi}
}

// names writes the name of each line behind its end, moved apart where they
// would lie on each other.
func (ch Parallel) names(c *canvas, ends []Point, bottom float64) {
	var order []int
	for i, end := range ends {
		if finite(end.Y) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { // from below
		switch {
		case ends[a].Y > ends[b].Y:
			return -1
		case ends[a].Y < ends[b].Y:
			return 1
		}
		return 0
	})
	free := bottom + labelStep
	for _, i := range order {
		y := min(ends[i].Y, free-labelStep)
		free = y
		if y < c.top+labelStep {
			return // no room for more; the page's table has the names
		}
		c.words(Series{Quiet: i > 0}.class("label"), ends[i].X+8, y+4, cut(ch.Names[i], 19))
	}
}

package chart

import (
	"math"
	"strings"
	"unicode/utf8"
)

// Point is a point in data units.
type Point struct{ X, Y float64 }

// Series is one line, through its points in order. A point that is not finite
// breaks the line.
type Series struct {
	Name   string // written at the line; "" for none
	Points []Point
	Second bool // in the second hue and dashed: what the first is compared with
	Quiet  bool // thin and without a hue: one of many beside the first
}

// Curves is a plot of lines: ROC, precision and recall, a metric by step.
type Curves struct {
	Caption
	X, Y     Axis
	Series   []Series
	Diagonal bool // with a thin line where y is x
}

func (ch Curves) caption() Caption { return ch.Caption }
func (ch Curves) class() string    { return "plot" }

func (ch Curves) draw(c *canvas) {
	lo, hi := Point{math.Inf(1), math.Inf(1)}, Point{math.Inf(-1), math.Inf(-1)}
	for _, s := range ch.Series {
		for _, p := range s.Points {
			if p.finite() {
				lo, hi = Point{min(lo.X, p.X), min(lo.Y, p.Y)}, Point{max(hi.X, p.X), max(hi.Y, p.Y)}
			}
		}
	}
	if lo.X > hi.X {
		c.nothing(260)
		return
	}
	p := newPlane(c, newScale(ch.X, lo.X, hi.X, c.text.Language), newScale(ch.Y, lo.Y, hi.Y, c.text.Language), 300, 0)
	if ch.Diagonal {
		p.diagonal()
	}
	lines := make([][]Point, len(ch.Series)) // in canvas units, thinned
	for i, s := range ch.Series {
		class := s.class("line")
		var path strings.Builder
		pen := byte('M')
		for j, q := range s.Points {
			if !q.finite() {
				pen = 'M'
				continue
			}
			alone := pen == 'M' && (j+1 == len(s.Points) || !s.Points[j+1].finite())
			at := Point{p.x.at(q.X), p.y.at(q.Y)}
			// A point less than half a unit from the last one cannot be seen; the last of the line is kept.
			if n := len(lines[i]); pen == 'L' && j+1 < len(s.Points) &&
				math.Abs(at.X-lines[i][n-1].X) < 0.5 && math.Abs(at.Y-lines[i][n-1].Y) < 0.5 {
				continue
			}
			lines[i] = append(lines[i], at)
			path.WriteByte(pen)
			path.WriteString(number(at.X) + " " + number(at.Y))
			if alone {
				path.WriteString("h0") // a dot, by the round cap of the line
			}
			pen = 'L'
		}
		if path.Len() > 0 {
			c.raw(`<path class="` + class + `" d="` + path.String() + `"/>`)
		}
	}
	ch.labels(p, lines)
}

// class is the class of the series' line or label.
func (s Series) class(of string) string {
	switch {
	case s.Second:
		return of + " second"
	case s.Quiet:
		return of + " quiet"
	}
	return of
}

func (p Point) finite() bool { return finite(p.X) && finite(p.Y) }

// box is a rectangle on the canvas.
type box struct{ left, top, right, bottom float64 }

func (a box) holds(p Point) bool {
	return p.X > a.left && p.X < a.right && p.Y > a.top && p.Y < a.bottom
}

func (a box) meets(b box) bool {
	return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

// labels writes each name beside its line, where it covers least: of places
// along the line and on either side of it, the one whose box holds the fewest
// points of any line and none of another label.
func (ch Curves) labels(p plane, lines [][]Point) {
	var ink []Point // what a label should not cover
	for _, line := range lines {
		ink = append(ink, dense(line)...)
	}
	if ch.Diagonal {
		from, to := max(p.x.lo, p.y.lo), min(p.x.hi, p.y.hi)
		if from < to {
			ink = append(ink, dense([]Point{{p.x.at(from), p.y.at(from)}, {p.x.at(to), p.y.at(to)}})...)
		}
	}
	var taken []box
	for i, line := range lines {
		name := cut(ch.Series[i].Name, 40)
		if name == "" || len(line) == 0 {
			continue
		}
		w, h := float64(utf8.RuneCountInString(name))*7.2, 14.0
		var best box
		cost := math.Inf(1)
		for _, at := range dense(line) {
			for _, side := range [4][2]float64{{7, 5}, {7, -5 - h}, {-7 - w, -5 - h}, {-7 - w, 5}} {
				b := box{left: at.X + side[0], top: at.Y + side[1]}
				b.right, b.bottom = b.left+w, b.top+h
				if b.left < p.x.from || b.right > p.x.to+8 || b.top < p.y.to-10 || b.bottom > p.y.from {
					continue
				}
				price := 0.0
				for _, other := range taken {
					if b.meets(other) {
						price += 1000
					}
				}
				for _, q := range ink {
					if b.holds(q) {
						price++
					}
				}
				if price < cost {
					best, cost = b, price
				}
			}
		}
		if math.IsInf(cost, 1) {
			continue // no room for it anywhere; the page's table has the name
		}
		taken = append(taken, best)
		p.c.words(ch.Series[i].class("label"), best.left, best.bottom-3, name)
	}
}

// dense is about 60 points at even distances along a line.
func dense(line []Point) []Point {
	length := 0.0
	for i := 1; i < len(line); i++ {
		length += math.Hypot(line[i].X-line[i-1].X, line[i].Y-line[i-1].Y)
	}
	if len(line) == 0 || length == 0 {
		return line
	}
	const n = 60
	out := make([]Point, 0, n+1)
	walked, next := 0.0, 0.0
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		d := math.Hypot(b.X-a.X, b.Y-a.Y)
		for next <= walked+d && len(out) <= n {
			f := 0.0
			if d > 0 {
				f = (next - walked) / d
			}
			out = append(out, Point{a.X + f*(b.X-a.X), a.Y + f*(b.Y-a.Y)})
			next += length / n
		}
		walked += d
	}
	return out
}

package chart

import "math"

// Bin is how many values lie from From to To.
type Bin struct {
	From, To float64
	Count    int
}

// Histogram is a plot of counts by bin, the bins in order. The bars touch;
// their heights are counts, so bins should be equally wide.
type Histogram struct {
	Caption
	X    Axis // bounds are those of the bins
	Y    Axis // what is counted; begins at 0
	Bins []Bin
	Flat bool // two thirds as high, for a grid of many
}

func (ch Histogram) caption() Caption { return ch.Caption }
func (ch Histogram) class() string    { return "plot" }

func (ch Histogram) draw(c *canvas) {
	lo, hi, most := math.Inf(1), math.Inf(-1), 0
	var bins []Bin
	for _, b := range ch.Bins {
		if finite(b.From) && finite(b.To) && b.From <= b.To {
			lo, hi, most = min(lo, b.From), max(hi, b.To), max(most, b.Count)
			bins = append(bins, b)
		}
	}
	if len(bins) == 0 || most <= 0 {
		c.nothing(150)
		return
	}
	if lo == hi { // one value: a bar of its own width around it
		room := max(math.Abs(lo)*0.05, 0.5)
		lo, hi = lo-room, hi+room
		bins = []Bin{{lo, hi, most}}
	}
	x := newScale(Axis{Label: ch.X.Label, Unit: ch.X.Unit, Min: lo, Max: hi, Plain: ch.X.Plain}, lo, hi, c.text.Language)
	height := 190.0
	if ch.Flat {
		height = 126
	}
	p := newPlane(c, x, newScale(Axis{Label: ch.Y.Label, Unit: ch.Y.Unit}, 0, float64(most), c.text.Language), height, 0)
	c.raw(`<g class="bins">`)
	for _, b := range bins {
		left, right, y := p.x.at(b.From), p.x.at(b.To), p.y.at(float64(max(0, b.Count)))
		c.raw(`<rect x="` + number(left) + `" y="` + number(y) + `" width="` + number(max(0.6, right-left-0.6)) + `" height="` + number(p.y.from-y) + `"><title>` +
			escape(p.x.label3(b.From)+" – "+p.x.label3(b.To)+": "+Number(float64(b.Count), 0, c.text.Language)) + `</title></rect>`)
	}
	c.raw(`</g><path class="base" d="M` + number(p.x.from) + " " + number(p.y.from) + "H" + number(p.x.to) + `"/>`)
}

package recipe

import (
	"math"

	"github.com/pluvia-ml/pluvia/table"
)

// Compass makes a category of directions into the sine and the cosine of the
// angle, clockwise from the first point: from X come X_sin and X_cos, new
// columns at the end. A missing direction has missing ones.
type Compass struct {
	Columns []string `json:"columns"`          // categories
	Points  []string `json:"points,omitempty"` // all the directions, clockwise from north; empty: the categories in their order
	Keep    bool     `json:"keep,omitempty"`   // keep the category, which goes otherwise
}

// Kind is "compass".
func (*Compass) Kind() string { return "compass" }

func (c *Compass) check(s *scope) { c.bind(s) }

func (c *Compass) fit(*scope, block) (FittedStep, error) { return c, nil }

func (c *Compass) bind(s *scope) op {
	position := positions(c.Points)
	for i, name := range c.Points {
		if position[name] != i {
			s.fault("points", "%q stands there twice", name)
		}
	}
	var o compassOp
	at := s.listed(c.Columns, table.Category)
	names := s.named(at)
	var required []bool
	for _, i := range at {
		f := s.fields[i]
		for _, name := range f.Categories {
			if _, ok := position[name]; !ok && len(c.Points) > 0 {
				s.fault("points", "%q, a category of %q, is not among %s", name, f.Name, list(c.Points))
			}
		}
		required = append(required, f.Required)
		o = append(o, compassOne{from: s.slots[i], points: c.angles(f.Categories)})
	}
	if !c.Keep {
		s.drop(names...)
	}
	for k := range o {
		o[k].sine = s.add("columns", waveField(names[k]+"_sin", required[k]))
		o[k].cosine = s.add("columns", waveField(names[k]+"_cos", required[k]))
	}
	return o
}

// angles are the sine and cosine of each category.
func (c *Compass) angles(categories []string) [][2]float64 {
	points := c.Points
	if len(points) == 0 {
		points = categories
	}
	position := positions(points)
	angles := make([][2]float64, len(categories))
	for code, name := range categories {
		degrees := float64(position[name]) * (360 / float64(len(points)))
		angles[code][0], angles[code][1] = sincos(degrees * (math.Pi / 180))
	}
	return angles
}

// undo gives back the direction nearest to the angle of sine and cosine.
func (c *Compass) undo(u *undoing) {
	for _, name := range c.Columns {
		sine, okSine := u.place(name + "_sin")
		cosine, okCosine := u.place(name + "_cos")
		if !okSine || !okCosine || u.kept(name) {
			continue
		}
		points, slot := c.angles(u.categories(name)), u.add(name)
		u.steps = append(u.steps, func(w []float64) string {
			s, c := w[sine], w[cosine]
			if s != s || c != c || s == 0 && c == 0 {
				return "" // no direction at all
			}
			if math.IsInf(s, 0) {
				return name + "_sin"
			}
			if math.IsInf(c, 0) {
				return name + "_cos"
			}
			nearest := math.Inf(-1)
			for code, p := range points {
				if along := s*p[0] + c*p[1]; along > nearest {
					nearest, w[slot] = along, float64(code)
				}
			}
			return ""
		})
	}
}

type compassOne struct {
	from, sine, cosine int
	points             [][2]float64 // by category
}

type compassOp []compassOne

func (o compassOp) run(b block) {
	for i := range o {
		one := &o[i]
		sine, cosine := b[one.sine], b[one.cosine]
		for r, code := range b[one.from] {
			sine[r], cosine[r] = table.Missing, table.Missing
			if code == code {
				p := &one.points[int(code)]
				sine[r], cosine[r] = p[0], p[1]
			}
		}
	}
}

// sincos is the sine and the cosine of a moderate x, to within an ulp also
// beside their zeros, where package math is off by some 1e-15 of the value: π/2 is taken off in
// two parts (Cody and Waite 1980), the second as a correction.
func sincos(x float64) (sine, cosine float64) {
	const high, low = 1.57079632679489655800e+00, 6.12323399573676603587e-17
	k := math.Round(x / high)
	rest := math.FMA(-k, high, x)
	s, c := math.Sincos(rest)
	correction := -k * low
	s, c = s+float64(c*correction), c-float64(s*correction)
	switch int(k) & 3 {
	case 0:
		return s, c
	case 1:
		return c, -s
	case 2:
		return -s, -c
	default:
		return -c, s
	}
}

package predict

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"

	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

// flat is the flat call: the features of one recipe by name, which are turned
// back into the observation that they were made of, so that a champion with
// any recipe can answer.
type flat struct {
	features []project.Feature
	index    map[string]int
	inverse  *recipe.Inverse
	place    []int // feature -> position in the inverse's row
	width    int   // of the inverse's row
	inputs   []int // field that the inverse gives -> position in the schema
	fields   int   // of the schema
}

func newFlat(p *project.Project) (*flat, error) {
	steps, ok := p.Recipes[p.API.Recipe]
	if !ok {
		return nil, fmt.Errorf("flat call: the project %s has no recipe %q", p.Name, p.API.Recipe)
	}
	inverse, err := recipe.Invert(steps, p.Inputs())
	if err != nil {
		return nil, fmt.Errorf("flat call: invert the recipe %q: %w", p.API.Recipe, err)
	}
	names := inverse.Features()
	f := &flat{
		features: p.API.Features,
		index:    make(map[string]int, len(p.API.Features)),
		inverse:  inverse,
		place:    make([]int, len(p.API.Features)),
		width:    len(names),
		fields:   len(p.Schema.Fields),
	}
	for _, field := range p.Inputs() {
		f.inputs = append(f.inputs, p.Schema.Field(field.Name))
	}
	position := make(map[string]int, len(names))
	for i, name := range names {
		position[name] = i
	}
	for i, feature := range f.features {
		at, ok := position[feature.Name]
		if !ok {
			return nil, fmt.Errorf("flat call: feature %q does not come out of the recipe %q; it makes %q", feature.Name, p.API.Recipe, names)
		}
		f.index[feature.Name], f.place[i] = i, at
	}
	return f, nil
}

// keepBody is how long a body's memory may be to be kept for the next one.
const keepBody = 64 << 10

// flatCall is the memory of one flat call, used again by the next.
type flatCall struct {
	body     []byte
	scan     scanner
	whole    value     // what "features" is
	slots    []value   // by feature
	features []float64 // in the inverse's order
	inputs   []float64 // what the inverse gives
	row      []float64 // the observation, in the order of the schema
}

func (f *flat) call() *flatCall {
	c := &flatCall{
		slots:    make([]value, len(f.features)),
		features: make([]float64, f.width),
		inputs:   make([]float64, len(f.inputs)),
		row:      make([]float64, f.fields),
	}
	for i := range c.row {
		c.row[i] = table.Missing // target and leaks stay so
	}
	return c
}

// read reads a body to the observation in c.row, or to the faults of the body.
func (f *flat) read(c *flatCall, body []byte) *details {
	c.scan.reset(body)
	f.scan(c)
	if !c.scan.ok() || c.whole.kind != object {
		return f.faults(c)
	}
	for i := range c.features {
		c.features[i] = table.Missing
	}
	for i, v := range c.slots {
		feature := &f.features[i]
		x, why := numeric(&c.scan, v, feature.Integer)
		switch {
		case v.kind <= null && feature.Optional:
		case v.kind == absent || why != readable || x < feature.Min || x > feature.Max:
			return f.faults(c)
		default:
			c.features[f.place[i]] = x
		}
	}
	if bad := f.inverse.Row(c.inputs, c.features); bad != "" {
		at, d := []any{"body", "features", bad}, new(details)
		input := c.scan.echo(value{})
		if i, ok := f.index[bad]; ok {
			input = c.scan.echo(c.slots[i])
		}
		d.add(detail{Type: "value_error", Loc: at, Input: input,
			Msg: "Value error, there is no observation with this and the other features; a day must be one of its month and year"})
		return d
	}
	for i, at := range f.inputs {
		c.row[at] = c.inputs[i]
	}
	return nil
}

// scan finds the features in the body. As in Python's json, the last of
// several members of one name counts.
func (f *flat) scan(c *flatCall) {
	s := &c.scan
	c.whole = value{}
	clear(c.slots)
	if !s.enter('{') {
		s.value(0)
		s.end()
		return
	}
	for name, ok := s.member(true); ok; name, ok = s.member(false) {
		if string(s.bytes(name)) != "features" {
			s.value(1)
			continue
		}
		clear(c.slots)
		if s.peek() != '{' {
			c.whole = s.value(1)
			continue
		}
		c.whole = value{kind: object, start: s.at}
		s.enter('{')
		next := 0 // most clients send the features in order
		for name, ok := s.member(true); ok; name, ok = s.member(false) {
			key := s.bytes(name)
			if next == len(f.features) || string(key) != f.features[next].Name {
				var known bool
				if next, known = f.index[string(key)]; !known {
					s.value(2)
					next = 0
					continue
				}
			}
			c.slots[next] = s.value(2)
			next++
		}
		c.whole.end = s.at
	}
	s.end()
}

// faults are all that is wrong with a body that could not be read.
func (f *flat) faults(c *flatCall) *details {
	d, s := new(details), &c.scan
	at := []any{"body", "features"}
	switch {
	case len(bytes.TrimSpace(s.body)) == 0:
		d.add(missing(at, s.echo(value{})))
	case !s.ok():
		d.add(s.invalidJSON())
	case c.whole.kind == absent:
		d.add(missing(at, s.echo(value{})))
	case c.whole.kind != object:
		d.add(detail{Type: "model_attributes_type", Loc: at, Input: s.echo(c.whole),
			Msg: "Input should be a valid dictionary or object to extract fields from"})
	default:
		for i, v := range c.slots {
			f.fault(d, s, &f.features[i], v, c.whole)
		}
	}
	return d
}

func (f *flat) fault(d *details, s *scanner, feature *project.Feature, v, whole value) {
	if v.kind <= null && feature.Optional {
		return
	}
	at := []any{"body", "features", feature.Name}
	x, why := numeric(s, v, feature.Integer)
	switch {
	case v.kind == absent:
		d.add(missing(at, s.echo(whole)))
	case why != readable:
		d.add(why.detail(at, feature.Integer, s.echo(v)))
	case x < feature.Min:
		d.add(below(at, feature.Min, s.echo(v)))
	case x > feature.Max:
		d.add(above(at, feature.Max, s.echo(v)))
	}
}

// numeric reads a value as pydantic does when it is not strict: numbers, texts
// of one, true and false. Unlike pydantic it takes no NaN, no infinity and no
// underscores.
func numeric(s *scanner, v value, integer bool) (x float64, why unread) {
	switch v.kind {
	case number, boolean:
		x = v.number
		switch {
		case math.IsNaN(x) || math.IsInf(x, 0):
			return x, infinite
		case integer && x != math.Trunc(x):
			return x, fractional
		}
		return x, readable
	case text:
		return parseNumber(s.bytes(v), integer)
	}
	return 0, wrongType
}

// parseNumber reads a decimal number with white space around it; a whole one
// has no exponent.
func parseNumber(b []byte, integer bool) (x float64, why unread) {
	b = bytes.TrimSpace(b)
	switch string(b) {
	case "NaN", "nan", "Infinity", "-Infinity", "inf", "-inf":
		return 0, infinite
	}
	x, ok := table.ParseNumber(b)
	if !ok || integer && (x != math.Trunc(x) || bytes.ContainsAny(b, "eE")) {
		return 0, wrongText
	}
	return x, readable
}

// flatAnswers are the two answers of the flat call, written once.
func flatAnswers(api project.API) (answers [2][]byte) {
	for i, words := range []string{api.Negative, api.Positive} {
		text, err := json.Marshal(words)
		if err != nil {
			panic(err) // a string cannot fail
		}
		answers[i] = fmt.Appendf(nil, `{"int_output":%t,"str_output":%s}`, i == 1, text)
	}
	return answers
}

// predict answers POST /predict/: {"features": {...}}.
func (s *Predictor) predict(w http.ResponseWriter, r *http.Request) error {
	c := s.calls.Get().(*flatCall)
	defer s.calls.Put(c)
	body, err := readBody(c.body, r, MaxBody)
	if cap(body) <= keepBody {
		c.body = body
	}
	if err != nil {
		return err
	}
	if faults := s.flat.read(c, body); faults != nil {
		return invalid{faults}
	}
	champion := s.Champion()
	if champion == nil {
		return s.noChampion()
	}
	_, positive, err := champion.decide(c.row)
	if err != nil {
		return err
	}
	if positive {
		return writeBody(w, http.StatusOK, s.answers[1])
	}
	return writeBody(w, http.StatusOK, s.answers[0])
}

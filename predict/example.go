package predict

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

// ordered is a JSON object that keeps the order of its members.
type ordered []member

type member struct {
	name  string
	value any
}

func (o ordered) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}

// exampleObservation is an observation that can be sent as it stands, from the
// defaults of the project's form; what has none is the middle of its range,
// the first of its categories, or the first day of the test part.
func exampleObservation(p *project.Project) *table.Table {
	form := make(map[string]project.Input, len(p.Form))
	for _, in := range p.Form {
		form[in.Field] = in
	}
	var columns []*table.Column
	for _, f := range p.Inputs() {
		in := form[f.Name]
		switch f.Type.Kind() {
		case table.Category:
			c := table.Categories(f.Name, []int32{0}, f.Categories)
			if code := c.Level(in.Choice); code >= 0 {
				c.Codes[0] = code
			}
			columns = append(columns, c)
		case table.Date:
			day := p.Split.Test
			if chosen, err := table.ParseDay(in.Choice); err == nil {
				day = chosen
			}
			columns = append(columns, table.Dates(f.Name, []table.Day{day}))
		default:
			low, high := in.Min, in.Max
			if low == high && f.Min != nil && f.Max != nil {
				low, high = *f.Min, *f.Max
			}
			x := math.Round((low + high) / 2)
			if in.Default != nil {
				x = *in.Default
			}
			columns = append(columns, table.Numbers(f.Name, []float64{x}))
		}
	}
	return table.New(columns...)
}

// observationExample is the example as a body has it.
func observationExample(t *table.Table) ordered {
	var out ordered
	for _, c := range t.Columns() {
		if c.Kind == table.Number {
			out = append(out, member{c.Name, c.Float(0)})
		} else {
			out = append(out, member{c.Name, c.Text(0)})
		}
	}
	return out
}

// featureExample is the example as the flat call takes it: what the recipe
// makes of it when nothing is scaled. A feature that does not come out is
// null, which only an optional one may be.
func featureExample(p *project.Project, t *table.Table) (ordered, error) {
	var steps recipe.Recipe
	for _, step := range p.Recipes[p.API.Recipe] {
		if _, scales := step.(*recipe.Standardise); !scales {
			steps = append(steps, step)
		}
	}
	fitted, err := steps.Fit(p.Inputs(), t)
	if err != nil {
		return nil, err
	}
	x, err := fitted.Apply(t)
	if err != nil {
		return nil, err
	}
	var out ordered
	for _, f := range p.API.Features {
		var v any
		if c := x.Column(f.Name); c != nil && !c.Missing(0) {
			v = math.Round(c.Float(0)*1e4) / 1e4
		}
		out = append(out, member{f.Name, v})
	}
	return out, nil
}

// ExampleFeatures is a flat call's features that can be sent as they stand, as
// the documentation shows them: it marshals to a JSON object in the order of the project.
func ExampleFeatures(p *project.Project) (json.Marshaler, error) {
	return featureExample(p, exampleObservation(p))
}

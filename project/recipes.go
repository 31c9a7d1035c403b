package project

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

const maxSteps = 1000

// step is one item of a recipe: "kind: {settings}", or "kind" alone for a step
// that needs none.
type step struct{ recipe.Step }

func (s *step) decode(d *decoder, key string, n ast.Node) {
	kind, at, settings := text(n), n, ast.Node(nil)
	if !isText(n) {
		entries, ok := d.entries(key, n)
		if !ok || len(entries) != 1 {
			d.fault(key, n, "", "one step, written kind: {settings}", "the kinds are "+strings.Join(recipe.Kinds(), ", "))
			return
		}
		kind, at, settings = entries[0].name, entries[0].key, entries[0].node
	}
	blank, known := recipe.NewStep(kind)
	if !known {
		rule, remedy := oneOf("a kind of step", kind, recipe.Kinds())
		d.fault(key, at, kind, rule, remedy)
		return
	}
	if _, null := settings.(*ast.NullNode); settings != nil && !null {
		d.decode(join(key, kind), settings, reflect.ValueOf(blank).Elem())
	}
	s.Step = blank
}

// recipes checks each recipe over the fields that it may use. The target and
// the leaks are not among them, so that nothing made of them can come out.
func (c *checker) recipes(p *Project, recipes map[string][]step) {
	if len(recipes) == 0 {
		c.wrong("recipes", "", "a mapping of one recipe or more", "write name: [- step: {...}]")
	}
	for _, name := range slices.Sorted(maps.Keys(recipes)) {
		key := join("recipes", name)
		if !identifier.MatchString(name) {
			c.wrong(key, name, "a lower-case letter, then up to 62 lower-case letters, digits or _", "")
		}
		steps := recipes[name]
		if len(steps) > maxSteps {
			c.wrong(key, "", fmt.Sprintf("a list of at most %d steps", maxSteps), "")
			continue
		}
		var r recipe.Recipe
		whole := true // without a step that could not be read, the others mean something else
		for i, step := range steps {
			if step.Step == nil {
				whole = false
				continue
			}
			if lookup, ok := step.Step.(*recipe.Lookup); ok {
				whole = c.lookup(p, join(index(key, i), "lookup"), lookup) && whole
			}
			r = append(r, step.Step)
		}
		p.Recipes[name] = r
		if whole {
			c.recipe(p, key, r)
		}
	}
}

func (c *checker) recipe(p *Project, key string, r recipe.Recipe) {
	output, faults := r.Check(p.Inputs())
	_, anyway := r.Check(p.Schema.Fields)
	for _, f := range faults {
		if f.Step < 0 || f.Step >= len(r) {
			continue // the schema's fault, which has its own place
		}
		at := join(join(index(key, f.Step), f.Kind), f.Key)
		same := func(g *recipe.Fault) bool { return g.Step == f.Step && g.Key == f.Key }
		if !slices.ContainsFunc(anyway, same) {
			c.wrong(at, "", "free of the target and the leaks", f.Rule)
			continue
		}
		c.wrong(at, "", "a setting that the step can work with", f.Rule)
	}
	if len(faults) > 0 {
		return
	}
	if len(output) == 0 {
		c.wrong(key, "", "a recipe that leaves one feature or more", "")
	}
	for _, f := range output {
		if f.Type.Kind() == table.Date {
			c.wrong(key, f.Name, "a recipe whose features are numbers and categories", "turn the date into numbers, or drop it")
		}
	}
}

// lookup gives a lookup without values those of the catalogue: latitude, then
// longitude.
func (c *checker) lookup(p *Project, key string, l *recipe.Lookup) bool {
	switch {
	case l.Values != nil:
		return true
	case p.Catalogue == nil:
		c.wrong(key, "", "a lookup with values", "without a catalogue there is nothing to look up")
		return false
	case l.Column != p.Catalogue.Field:
		c.wrong(join(key, "column"), l.Column, fmt.Sprintf("%q, the field of the catalogue", p.Catalogue.Field), "or write values")
		return false
	case len(l.Into) != 2:
		c.wrong(join(key, "into"), "", "a list of two names, for the catalogue's latitude and longitude", "or write values")
		return false
	}
	l.Values = make(map[string][]float64, len(p.Catalogue.Places))
	for _, place := range p.Catalogue.Places {
		l.Values[place.Name] = []float64{place.Latitude, place.Longitude}
	}
	return true
}

package project

import (
	"maps"
	"slices"

	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

// api checks that the flat call, where there is one, has the very features that
// its recipe can be turned back from.
func (c *checker) api(p *Project) {
	a := p.API
	if c.places["api"] == nil {
		p.API = API{
			Welcome: "Welcome to the prediction API of " + p.Title.In("en"),
			Updated: "updated", Same: "unchanged", Local: "the last good model serves",
		}
		return
	}
	for _, answer := range []struct{ key, value string }{
		{"welcome", a.Welcome}, {"positive", a.Positive}, {"negative", a.Negative},
		{"updated", a.Updated}, {"same", a.Same}, {"local", a.Local},
	} {
		c.words(join("api", answer.key), answer.value)
	}
	seen := make(map[string]bool, len(a.Features))
	for i, f := range a.Features {
		key := index("api.features", i)
		if c.plain(join(key, "name"), f.Name) && seen[f.Name] {
			c.wrong(join(key, "name"), f.Name, "a name used once", "")
		}
		seen[f.Name] = true
		if f.Min > f.Max {
			c.wrong(join(key, "max"), number(f.Max), "at least min, which is "+number(f.Min), "")
		}
	}
	if !c.member("api.recipe", a.Recipe, "a recipe", slices.Sorted(maps.Keys(p.Recipes))) || len(c.faults) > 0 {
		return // what the recipe needs is known only when all of it is right
	}
	inverse, err := recipe.Invert(p.Recipes[a.Recipe], p.Inputs())
	if err != nil {
		c.wrong("api.recipe", a.Recipe, "a recipe that can be turned back into an observation", err.Error())
		return
	}
	needs := inverse.Features()
	for _, name := range needs {
		if !seen[name] {
			c.wrong("api.features", "", "a list with every feature of the recipe "+a.Recipe, "add "+name)
		}
	}
	for i, f := range a.Features {
		c.member(join(index("api.features", i), "name"), f.Name, "a feature of the recipe "+a.Recipe, needs)
	}
}

// form checks the inputs of the form against the schema.
func (c *checker) form(p *Project) {
	if c.places["form"] == nil {
		p.Form = wholeForm(p.Inputs())
		return
	}
	seen := make(map[string]bool, len(p.Form))
	for i, in := range p.Form {
		key := index("form", i)
		at := p.Schema.Field(in.Field)
		if at < 0 {
			c.member(join(key, "field"), in.Field, "a field of the schema", p.Schema.Names())
			continue
		}
		if seen[in.Field] {
			c.wrong(join(key, "field"), in.Field, "a field named once", "")
		}
		seen[in.Field] = true
		if in.Field == p.Target.Field || slices.Contains(p.Leaks, in.Field) {
			c.wrong(join(key, "field"), in.Field, "a field that is neither the target nor a leak", "")
		}
		c.input(key, in, p.Schema.Fields[at])
	}
}

// wholeForm is the form of a project that has none of its own: every input
// that can be shown, which a number can when its range is known.
func wholeForm(fields []table.Field) []Input {
	var form []Input
	for _, f := range fields {
		in := Input{Field: f.Name}
		if f.Type.Kind() == table.Number {
			if f.Min == nil || f.Max == nil || *f.Min >= *f.Max {
				continue
			}
			in.Min, in.Max, in.Step = *f.Min, *f.Max, (*f.Max-*f.Min)/100
			if f.Type == table.TypeInteger {
				in.Step = 1
			}
		}
		form = append(form, in)
	}
	return form
}

func (c *checker) input(key string, in Input, f table.Field) {
	left := func(name string, set bool) {
		if set {
			c.wrong(join(key, name), "", "left out of the input of a "+string(f.Type), "")
		}
	}
	switch f.Type.Kind() {
	case table.Number:
		left("choice", in.Choice != "")
		switch {
		case in.Min >= in.Max:
			c.wrong(join(key, "max"), number(in.Max), "above min, which is "+number(in.Min), "")
		case in.Step <= 0 || in.Step > in.Max-in.Min:
			c.wrong(join(key, "step"), number(in.Step), "above 0, and no more than from min to max", "")
		case in.Default != nil && (*in.Default < in.Min || *in.Default > in.Max):
			c.wrong(join(key, "default"), number(*in.Default), "a number from "+number(in.Min)+" to "+number(in.Max), "")
		}
		if f.Min != nil && in.Min < *f.Min || f.Max != nil && in.Max > *f.Max {
			c.wrong(key, "", "within the range of "+f.Name+" in the schema", "")
		}
	default:
		left("min", in.Min != 0)
		left("max", in.Max != 0)
		left("step", in.Step != 0)
		left("default", in.Default != nil)
		if in.Choice == "" {
			return
		}
		if f.Type == table.TypeDate {
			c.day(join(key, "choice"), in.Choice)
		} else {
			c.member(join(key, "choice"), in.Choice, "a category of "+f.Name, f.Categories)
		}
	}
}

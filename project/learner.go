package project

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/boost"
	"github.com/pluvia-ml/pluvia/learn/linear"
	"github.com/pluvia-ml/pluvia/learn/tree"
	"github.com/pluvia-ml/pluvia/table"
)

// families are the families of classifiers: the name in a project file, and a
// pointer to a classifier with the hyper-parameters that hold where the file
// says nothing. A learner joins the house by joining this list. One that has the
// methods Check() error, of its hyper-parameters, or CheckFeatures([]table.Field)
// error, of what its recipe makes, is asked when the file is read.
var families = map[string]func() learn.Classifier{
	"logistic": func() learn.Classifier { return &linear.Logistic{C: 1, MaxIter: 100, Tol: 1e-8} },
	"tree":     func() learn.Classifier { return &tree.Tree{MinSamplesLeaf: 1} },
	"forest":   func() learn.Classifier { return &tree.Forest{NEstimators: 100, MinSamplesLeaf: 1} },
	"boost":    func() learn.Classifier { b := boost.Default(); return &b },
}

// Families are the names of the families of classifiers.
func Families() []string { return slices.Sorted(maps.Keys(families)) }

// learner is an entry of learners in the file.
type learner struct {
	Name   string `json:"name"`
	Family string `json:"family"`
	Recipe string `json:"recipe"`
	Params params `json:"params"`
}

// params waits for the family to be known.
type params struct{ node ast.Node }

func (p *params) decode(_ *decoder, _ string, n ast.Node) { p.node = n }

// seedKey is the json tag of a classifier's seed, which the project sets for
// each learner that does not.
const seedKey = "seed"

func (c *checker) learners(p *Project, learners []learner) {
	switch n := len(learners); {
	case n == 0:
		c.wrong("learners", "", "a list of one learner or more", "write - {name: ..., family: ..., recipe: ...}")
	case n > maxLearners:
		c.wrong("learners", "", fmt.Sprintf("a list of at most %d learners", maxLearners), "")
		return
	}
	seen := make(map[string]bool, len(learners))
	for i, l := range learners {
		key := index("learners", i)
		if c.plain(join(key, "name"), l.Name) && seen[l.Name] {
			c.wrong(join(key, "name"), l.Name, "a name used once", "")
		}
		seen[l.Name] = true
		c.member(join(key, "recipe"), l.Recipe, "a recipe", slices.Sorted(maps.Keys(p.Recipes)))
		if !c.member(join(key, "family"), l.Family, "a family of classifiers", Families()) {
			continue
		}
		classifier := families[l.Family]()
		v := reflect.ValueOf(classifier).Elem()
		if seed := fieldByName(v, seedKey); seed.IsValid() {
			seed.SetUint(p.Seed)
		}
		if l.Params.node != nil {
			c.decode(join(key, "params"), l.Params.node, v)
		}
		if rules, ok := classifier.(interface{ Check() error }); ok {
			if err := rules.Check(); err != nil {
				c.wrong(join(key, "params"), "", "hyper-parameters that "+l.Family+" takes", err.Error())
			}
		}
		if picky, ok := classifier.(interface{ CheckFeatures([]table.Field) error }); ok && len(c.faults) == 0 {
			if err := picky.CheckFeatures(p.features(l.Recipe)); err != nil {
				c.wrong(join(key, "recipe"), l.Recipe, "a recipe whose features "+l.Family+" takes, whatever an observation lacks", err.Error())
			}
		}
		p.Learners = append(p.Learners, Learner{
			Name: l.Name, Family: l.Family, Recipe: l.Recipe, Params: ParamsOf(classifier), Classifier: classifier,
		})
	}
}

// features are what a recipe makes of an observation of which anything may be
// missing: a prediction has to do with what is known.
func (p *Project) features(recipe string) []table.Field {
	inputs := p.Inputs()
	for i := range inputs {
		inputs[i].Required = false
	}
	output, _ := p.Recipes[recipe].Check(inputs)
	return output
}

func fieldByName(v reflect.Value, key string) reflect.Value {
	for _, f := range reflect.VisibleFields(v.Type()) {
		if name(f) == key {
			return v.FieldByIndex(f.Index)
		}
	}
	return reflect.Value{}
}

// ParamsOf is every hyper-parameter of a classifier in the order of its fields,
// as it stands in a project file.
func ParamsOf(c learn.Classifier) []Param {
	var out []Param
	v := reflect.Indirect(reflect.ValueOf(c))
	for _, f := range reflect.VisibleFields(v.Type()) {
		if name := name(f); name != "" {
			out = append(out, Param{name, strings.TrimSpace(fmt.Sprint(v.FieldByIndex(f.Index).Interface()))})
		}
	}
	return out
}

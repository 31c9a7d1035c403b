package project_test

import (
	"errors"
	"fmt"
	"os"
	"testing/fstest"

	"github.com/pluvia-ml/pluvia/project"
)

func ExampleLoad() {
	p, err := project.Load(os.DirFS("testdata"), "houses.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Question.In("en"))
	for _, l := range p.Learners {
		fmt.Printf("%s: %s behind the recipe %s, %s %s\n", l.Name, l.Family, l.Recipe, l.Params[0].Key, l.Params[0].Value)
	}
	// Output:
	// Will it sell above the asking price?
	// line: logistic behind the recipe numbers, C 1
	// trees: boost behind the recipe native, n_estimators 20
}

// Everything that is wrong comes at once, each with its place.
func ExampleFaults() {
	good, err := os.ReadFile("testdata/houses.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	files := fstest.MapFS{"houses.yaml": {Data: append(good, "sead: 1\nmetrics: f1\n"...)}}
	for _, name := range []string{"districts.csv", "map.svg"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			fmt.Println(err)
			return
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	_, err = project.Load(files, "houses.yaml")
	var faults project.Faults
	if errors.As(err, &faults) {
		for _, f := range faults {
			fmt.Printf("line %d: %s; %s\n", f.Line, f.Value, f.Remedy)
		}
	}
	// Output:
	// line 94: sead; did you mean "seed"?
	// line 95: metrics; did you mean "metric"?
}

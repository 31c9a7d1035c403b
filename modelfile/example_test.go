package modelfile_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/tree"
	"github.com/pluvia-ml/pluvia/modelfile"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/csv"
)

const taps = `fitted,kind,age,leaks
2011-03-01,brass,2,no
2011-04-01,plastic,9,yes
2012-03-01,steel,NA,no
2012-05-01,plastic,12,yes
2013-01-01,brass,15,yes
2013-06-01,steel,1,no
`

// From a CSV file to a model in a directory, and from there to a prediction.
func Example() {
	schema := &table.Schema{Missing: []string{"NA"}, Fields: []table.Field{
		{Name: "fitted", Type: table.TypeDate},
		{Name: "kind", Type: table.TypeCategory, Categories: []string{"brass", "plastic", "steel"}},
		{Name: "age", Type: table.TypeNumber, Unit: "years"},
		{Name: "leaks", Type: table.TypeCategory, Categories: []string{"no", "yes"}, Required: true},
	}}
	t, _, err := csv.Read(context.Background(), strings.NewReader(taps), schema, csv.Options{})
	if err != nil {
		log.Fatal(err)
	}
	inputs := schema.Fields[:3] // all but the target
	fitted, err := recipe.Recipe{&recipe.Season{Column: "fitted"}}.Fit(inputs, t)
	if err != nil {
		log.Fatal(err)
	}
	features, err := fitted.Apply(t)
	if err != nil {
		log.Fatal(err)
	}
	classifier, err := tree.Tree{MaxDepth: 3}.Fit(context.Background(), learn.Train{X: features, Y: t.Column("leaks").Equals("yes")})
	if err != nil {
		log.Fatal(err)
	}

	path, err := os.MkdirTemp("", "model")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(path)
	made := &modelfile.Model{Family: "tree", Recipe: fitted, Classifier: classifier, Threshold: 0.5, Target: "leaks", Positive: "yes"}
	if err := made.Save(path); err != nil {
		log.Fatal(err)
	}
	read, err := modelfile.Load(os.DirFS(path))
	if err != nil {
		log.Fatal(err)
	}
	day := float64(table.NewDay(2014, 2, 1))
	fmt.Println(read.Probability(read.Scratch(), []float64{day, 0, 14})) // fitted, kind "brass", age
	// Output: 1
}

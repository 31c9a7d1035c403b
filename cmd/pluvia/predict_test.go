package main

import (
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/learn/linear"
	"github.com/pluvia-ml/pluvia/modelfile"
	"github.com/pluvia-ml/pluvia/predict"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

// A model that takes no missing values, without a step that fills them.
func TestNoProbability(t *testing.T) {
	t.Parallel()
	x := table.New(table.Numbers("load", []float64{1, 2, table.Missing}))
	fitted, err := recipe.Recipe{}.Fit([]table.Field{{Name: "load", Type: table.TypeNumber}}, x)
	if err != nil {
		t.Fatal(err)
	}
	c := &predict.Champion{Name: "pumps", Version: 3, Positive: "Yes", Negative: "No", Model: &modelfile.Model{
		Recipe: fitted, Threshold: 0.5, Classifier: &linear.Model{Coefficients: []float64{1}, Intercept: -1.5, Deviations: []float64{1}},
	}}
	scored, err := withProbabilities(x.Take([]int{0, 1}), c)
	if err != nil || scored.Column("label").Text(0) != "No" || scored.Column("label").Text(1) != "Yes" {
		t.Errorf("%v, %v", scored, err)
	}
	if scored, err := withProbabilities(x, c); err == nil || !strings.Contains(err.Error(), "pumps version 3 has no probability for row 3") {
		t.Errorf("%v, %v", scored, err)
	}
}

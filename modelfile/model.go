// Package modelfile keeps a model as a folder of files: the fitted recipe, the
// fitted classifier, the threshold, the contract of the input, and what is
// known of how the model came to be. Recipe and classifier are one thing with
// one version: whoever has the folder can predict from raw observations.
//
// A model is data, never code. A folder is read whole or not at all: every
// file is listed with its sha256 in MLmodel, which is written last.
//
// The package knows no SQL, HTTP or clock.
package modelfile

import (
	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

// Model is a fitted recipe and a fitted classifier that belong together.
type Model struct {
	Project    string // name of the project
	Learner    string // name of the learner in the project file
	Family     string // of Classifier: logistic, tree, forest, boost
	Recipe     *recipe.Fitted
	Classifier learn.Model
	Threshold  float64 // probability from which on the answer is the positive class

	Target   string             // field that it predicts
	Positive string             // the value of Target whose probability it gives
	Params   map[string]string  // hyper-parameters
	Metrics  map[string]float64 // on the validation part
	Data     string             // sha256 of the data set
	Seed     uint64
	Rows     int // that it was trained on

	// Example is one raw observation, a text for each field of Schema as a CSV
	// has it ("" is missing), that shows Python's users what goes in. Empty for
	// none.
	Example []string
}

// Schema are the fields of a raw observation, in the order of Probability's row.
func (m *Model) Schema() []table.Field { return m.Recipe.Input() }

// Features are the features behind the recipe.
func (m *Model) Features() []table.Field { return m.Recipe.Output() }

// Scratch makes the buffer that Probability needs; one goroutine at a time may use it.
func (m *Model) Scratch() []float64 { return make([]float64, len(m.Recipe.Output())) }

// Probability is the probability of the positive class for one raw observation
// (see package recipe for what a row is). It is NaN, no answer, when the recipe
// leaves a value missing that the classifier does not take. It allocates nothing.
func (m *Model) Probability(scratch, row []float64) float64 {
	m.Recipe.ApplyRow(scratch, row)
	return m.Classifier.Probability(scratch)
}

// Probabilities is the same for a table of raw observations.
func (m *Model) Probabilities(t *table.Table) ([]float64, error) {
	x, err := m.Recipe.Apply(t)
	if err != nil {
		return nil, err
	}
	return m.Classifier.Probabilities(nil, x), nil
}

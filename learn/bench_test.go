package learn_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/linear"
	"github.com/pluvia-ml/pluvia/learn/tree"
	"github.com/pluvia-ml/pluvia/table"
)

// readMatrix reads what testdata/matrix.py wrote.
func readMatrix(b *testing.B, name string) (train, test learn.Labelled) {
	b.Helper()
	f, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		b.Fatal(err)
	}
	width := len(records[0]) - 2
	columns := make([]*table.Column, width)
	for j := range columns {
		values := make([]float64, len(records))
		for i, r := range records {
			if values[i], err = strconv.ParseFloat(r[j], 64); err != nil {
				b.Fatal(err)
			}
		}
		columns[j] = table.Numbers(fmt.Sprint("x", j), values)
	}
	x := table.New(columns...)
	y := make([]bool, len(records))
	var parts [2][]int
	for i, r := range records {
		y[i] = r[width] == "1"
		part := 0
		if r[width+1] == "1" {
			part = 1
		}
		parts[part] = append(parts[part], i)
	}
	return learn.Labelled{X: x.Take(parts[0]), Y: learn.Labels(y, parts[0])}, learn.Labelled{X: x.Take(parts[1]), Y: learn.Labels(y, parts[1])}
}

// BenchmarkReal fits and predicts on the matrix that PLUVIA_MATRIX names; the
// learners are those of testdata/matrix.py --peers.
func BenchmarkReal(b *testing.B) {
	name := os.Getenv("PLUVIA_MATRIX")
	if name == "" {
		b.Skip("PLUVIA_MATRIX names no matrix: see testdata/matrix.py")
	}
	train, test := readMatrix(b, name)
	for _, c := range []struct {
		name string
		learn.Classifier
	}{
		{"Logistic", linear.Logistic{}},
		{"Tree", tree.Tree{MaxDepth: 8, MinSamplesLeaf: 20}},
		{"Forest", tree.Forest{NEstimators: 60, Seed: 1}},
		{"ForestLeaf5", tree.Forest{NEstimators: 60, MinSamplesLeaf: 5, Seed: 1}},
	} {
		var model learn.Model
		b.Run(c.name+"/fit", func(b *testing.B) {
			for b.Loop() {
				var err error
				if model, err = c.Fit(context.Background(), learn.Train{X: train.X, Y: train.Y}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(learn.Evaluate(test.Y, model.Probabilities(nil, test.X), .5).ROCAUC, "auc")
		})
		b.Run(c.name+"/predict", func(b *testing.B) {
			if model == nil {
				b.Skip("fit was left out")
			}
			dst := make([]float64, test.X.Rows())
			for b.Loop() {
				model.Probabilities(dst, test.X)
			}
		})
		b.Run(c.name+"/json", func(b *testing.B) {
			if model == nil {
				b.Skip("fit was left out")
			}
			for b.Loop() {
				data, err := json.Marshal(model)
				if err != nil {
					b.Fatal(err)
				}
				if err := json.Unmarshal(data, model); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(data)), "B/model")
			}
		})
	}
}

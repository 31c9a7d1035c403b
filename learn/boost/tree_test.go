package boost

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/table"
)

// TestTree walks the trees as values and gets what the model answers.
func TestTree(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	const n = 800
	number, code, y := make([]float64, n), make([]int32, n), make([]bool, n)
	levels := make([]string, 70) // more than a word of a set
	for i := range levels {
		levels[i] = string(rune('A' + i))
	}
	for i := range n {
		number[i], code[i] = r.NormFloat64(), int32(r.IntN(71))-1
		if r.IntN(9) == 0 {
			number[i] = math.NaN()
		}
		y[i] = r.NormFloat64()+number[i] > 0.5 || code[i]%3 == 1
	}
	x := table.New(table.Numbers("a", number), table.Categories("b", code, levels))
	b := Default()
	b.Trees, b.MaxLeaves = 15, 12
	fitted, err := b.Fit(context.Background(), learn.Train{X: x, Y: y})
	if err != nil {
		t.Fatal(err)
	}
	m := fitted.(*Model)
	categories := 0
	row := make([]float64, 2)
	for i := range 3 * n {
		row[0], row[1] = 2*r.NormFloat64(), float64(r.IntN(90)) // codes beyond the known ones too
		if i%7 == 0 {
			row[i%2] = math.NaN()
		}
		score := m.Start()
		for k := range m.Trees() {
			tree := m.Tree(k)
			for _, node := range tree.Nodes {
				if node.Category {
					categories++
				}
			}
			score += tree.Answer(row)
		}
		if got, want := sigmoid(score), m.Probability(row); math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("row %v: the trees say %v, the model %v", row, got, want)
		}
	}
	if categories == 0 {
		t.Error("no tree tests a category")
	}
}

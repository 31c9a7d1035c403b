package tree_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/tree"
	"github.com/pluvia-ml/pluvia/table"
)

func Example() {
	age := []float64{1, 2, 7, 8, math.NaN(), 3, 6, math.NaN()}
	worn := []bool{false, false, true, true, true, false, true, true}

	model, err := tree.Tree{MaxDepth: 2}.Fit(context.Background(), learn.Train{
		X: table.New(table.Numbers("age", age)),
		Y: worn,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	file, _ := json.Marshal(model)
	fmt.Println(string(file))
	fmt.Println(model.Probability([]float64{4}), model.Probability([]float64{5}), model.Probability([]float64{math.NaN()}))
	// Output:
	// {"nodes":"roo","features":[0],"thresholds":[4.5],"sets":[],"leaves":[0,1],"importance":[1]}
	// 0 1 1
}

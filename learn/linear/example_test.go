package linear_test

import (
	"context"
	"fmt"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/linear"
	"github.com/pluvia-ml/pluvia/table"
)

func Example() {
	hours := []float64{1, 2, 3, 4, 5, 6, 7, 8}
	passed := []bool{false, false, false, true, false, true, true, true}

	model, err := linear.Logistic{C: 1}.Fit(context.Background(), learn.Train{
		X: table.New(table.Numbers("hours", hours)),
		Y: passed,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("after 2 hours %.2f, after 7 hours %.2f\n", model.Probability([]float64{2}), model.Probability([]float64{7}))
	// Output: after 2 hours 0.10, after 7 hours 0.90
}

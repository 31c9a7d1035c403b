package boost_test

import (
	"context"
	"fmt"
	"math"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/boost"
	"github.com/pluvia-ml/pluvia/table"
)

func Example() {
	const n = 1000
	size, colour, late := make([]float64, n), make([]int32, n), make([]bool, n)
	for i := range n {
		size[i], colour[i] = float64(i%10), int32(i%3)
		if i%7 == 0 {
			size[i] = math.NaN() // missing values may stay
		}
		late[i] = size[i] > 5 || colour[i] == 2
	}
	x := table.New(
		table.Numbers("size", size),
		table.Categories("colour", colour, []string{"red", "green", "blue"}),
	)
	b := boost.Default()
	b.Trees = 50
	model, err := b.Fit(context.Background(), learn.Train{X: x, Y: late})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("small and red: %.2f\n", model.Probability([]float64{3, 0}))
	fmt.Printf("small and blue: %.2f\n", model.Probability([]float64{3, 2}))
	fmt.Printf("of unknown size and red: %.2f\n", model.Probability([]float64{math.NaN(), 0}))
	// Output:
	// small and red: 0.00
	// small and blue: 1.00
	// of unknown size and red: 0.00
}

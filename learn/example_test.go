package learn_test

import (
	"context"
	"fmt"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/table"
)

func ExampleEvaluate() {
	happened := []bool{true, false, true, false, false}
	said := []float64{.9, .2, .4, .4, .1}

	scores := learn.Evaluate(happened, said, .5)
	fmt.Printf("%+v\n", scores.Confusion)
	fmt.Printf("F1 %.3f, AUC %.3f, Brier %.3f\n", scores.F1, scores.ROCAUC, scores.Brier)

	threshold, f1 := learn.BestThreshold(happened, said)
	fmt.Printf("from %.1f on: F1 %.3f\n", threshold, f1)
	// Output:
	// {TP:1 FP:0 FN:1 TN:3}
	// F1 0.667, AUC 0.917, Brier 0.116
	// from 0.4 on: F1 0.800
}

func ExamplePairedBootstrap() {
	happened := []bool{true, false, true, false, false, true, false, false}
	days := []table.Day{1, 1, 2, 2, 3, 3, 4, 4}
	champion := learn.Predictions{P: []float64{.6, .5, .4, .4, .3, .5, .4, .1}, Threshold: .5}
	challenger := learn.Predictions{P: []float64{.9, .2, .8, .3, .2, .7, .1, .2}, Threshold: .5}

	judged, err := learn.PairedBootstrap(context.Background(), happened, days, learn.Resampling{Seed: 1}, champion, challenger)
	if err != nil {
		fmt.Println(err)
		return
	}
	brier := judged.Difference["brier"]
	fmt.Printf("Brier score: %+.3f, surely better: %t\n", brier.Value, brier.High < 0)
	// Output: Brier score: -0.135, surely better: true
}

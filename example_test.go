package pluvia_test

import (
	"fmt"

	"github.com/pluvia-ml/pluvia"
)

func Example() {
	run := pluvia.Run{
		Status:  pluvia.Finished,
		Params:  []pluvia.Param{{Key: "trees", Value: "100"}},
		Metrics: []pluvia.Metric{{Key: "auc", Value: 0.88}},
	}
	auc, ok := run.Metric("auc")
	fmt.Println(run.Status.Done(), run.Param("trees"), auc, ok)
	fmt.Println(pluvia.URI(pluvia.DataBucket, "raw/days.csv"))
	// Output:
	// true 100 0.88 true
	// s3://data/raw/days.csv
}

// An error has a code for programs, a sentence for the user and a cause for the
// log.
func ExampleErrorf() {
	cause := pluvia.Errorf(pluvia.NotFound, "no object s3://mlflow/0/model")
	err := fmt.Errorf("load model m/3: %w", cause)
	fmt.Println(pluvia.ErrorCode(err))
	fmt.Println(pluvia.ErrorMessage(err))
	fmt.Println(err)
	// Output:
	// not_found
	// no object s3://mlflow/0/model
	// load model m/3: no object s3://mlflow/0/model
}

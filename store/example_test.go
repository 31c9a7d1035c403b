package store_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/store"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(ctx, filepath.Join(dir, "pluvia.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	run := &pluvia.Run{ExperimentID: "0", Name: "first try", Params: []pluvia.Param{{Key: "trees", Value: "100"}}}
	if err := s.CreateRun(ctx, run); err != nil {
		log.Fatal(err)
	}
	for step, auc := range []float64{0.81, 0.86, 0.88} {
		point := pluvia.Metric{Key: "auc", Value: auc, Step: int64(step), Timestamp: pluvia.Millis(s.Now())}
		if err := s.Log(ctx, run.ID, pluvia.Batch{Metrics: []pluvia.Metric{point}}); err != nil {
			log.Fatal(err)
		}
	}
	err = s.UpdateRun(ctx, run.ID, pluvia.RunUpdate{Status: pluvia.Finished, End: pluvia.Millis(s.Now())})
	if err != nil {
		log.Fatal(err)
	}

	best, err := s.Runs(ctx, pluvia.RunFilter{Status: pluvia.Finished, Limit: 1})
	if err != nil {
		log.Fatal(err)
	}
	auc, _ := best[0].Metric("auc")
	fmt.Println(best[0].Name, best[0].Param("trees"), auc)
	// Output: first try 100 0.88
}

package transfer_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/store"
	"github.com/pluvia-ml/pluvia/transfer"
)

// Moving in from a database of MLflow's.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "pluvia")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(ctx, filepath.Join(dir, "pluvia.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	b, err := bucket.OpenFolder(filepath.Join(dir, "buckets"))
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()

	from, err := transfer.Open(ctx, "testdata/db/mlflow.db", "")
	if err != nil {
		log.Fatal(err)
	}
	defer from.Close()
	report, err := transfer.Import(ctx, transfer.Config{From: from, Store: s, Buckets: b})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Here[transfer.Runs], "runs,", report.Here[transfer.Points], "points,", report.Here[transfer.Versions], "versions:", report.Err())
	// Output: 8 runs, 22 points, 3 versions: <nil>
}

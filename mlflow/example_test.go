package mlflow_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/mlflow"
	"github.com/pluvia-ml/pluvia/store"
)

// A house for MLflow's clients: a database, a folder for artifacts, and the
// dialect over them.
func Example() {
	dir, err := os.MkdirTemp("", "mlflow")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	db, err := store.Open(context.Background(), filepath.Join(dir, "pluvia.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	buckets, err := bucket.OpenFolder(filepath.Join(dir, "buckets"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer buckets.Close()

	dialect := mlflow.New(mlflow.Config{Store: db, Buckets: buckets})
	defer dialect.Close()
	mux := http.NewServeMux()
	dialect.Routes(mux)
	server := httptest.NewServer(mux)
	defer server.Close() // until then: mlflow.set_tracking_uri(server.URL)

	answer, err := http.Get(server.URL + "/api/2.0/mlflow/experiments/get-by-name?experiment_name=none")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	fmt.Println(answer.StatusCode, string(body), err)
	// Output: 404 {"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Could not find experiment with name 'none'"} <nil>
}

package predict_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/tree"
	"github.com/pluvia-ml/pluvia/modelfile"
	"github.com/pluvia-ml/pluvia/predict"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/store"
	"github.com/pluvia-ml/pluvia/table"
)

// A model is registered, taken by a service, and asked over HTTP.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "predict")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	registry, err := store.Open(ctx, filepath.Join(dir, "pluvia.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer registry.Close()
	buckets, err := bucket.OpenFolder(filepath.Join(dir, "buckets"))
	if err != nil {
		log.Fatal(err)
	}
	defer buckets.Close()

	p := &project.Project{
		Name: "umbrella",
		Schema: table.Schema{Fields: []table.Field{
			{Name: "Clouds", Type: table.TypeNumber},
			{Name: "Wet", Type: table.TypeCategory, Categories: []string{"no", "yes"}},
		}},
		Target: project.Target{Field: "Wet", Positive: "yes"},
		Names:  project.Names{ModelProd: "umbrella_prod"},
	}
	if err := register(ctx, registry, buckets, p); err != nil {
		log.Fatal(err)
	}

	service, err := predict.New(predict.Config{
		Project: p, Store: registry, Buckets: buckets, Last: filepath.Join(dir, "champion"),
	})
	if err != nil {
		log.Fatal(err)
	}
	outcome, err := service.Update(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(outcome, service.Champion())

	mux := http.NewServeMux()
	service.Routes(mux)
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest("POST", "/api/v1/predict", strings.NewReader(`{"Clouds": 7}`)))
	fmt.Println(answer.Code, answer.Body)
	// Output:
	// updated umbrella_prod version 1
	// 200 {"probability":1,"label":"yes","threshold":0.5,"model":"umbrella_prod","version":1}
}

// register trains a tree on four days and makes it the champion.
func register(ctx context.Context, registry pluvia.Store, buckets pluvia.Buckets, p *project.Project) error {
	days := table.New(table.Numbers("Clouds", []float64{1, 2, 6, 8}))
	fitted, err := recipe.Recipe{}.Fit(p.Inputs(), days)
	if err != nil {
		return err
	}
	classifier, err := tree.Tree{}.Fit(ctx, learn.Train{X: days, Y: []bool{false, false, true, true}})
	if err != nil {
		return err
	}
	m := &modelfile.Model{Family: "tree", Recipe: fitted, Classifier: classifier, Threshold: 0.5, Target: "Wet", Positive: "yes"}
	err = m.Write(func(name string, data []byte) error {
		return buckets.Put(ctx, pluvia.MLflowBucket, "model/"+name, bytes.NewReader(data))
	})
	if err != nil {
		return err
	}
	v := &pluvia.Version{Model: p.Names.ModelProd, Source: "s3://mlflow/model", RunID: "0123456789abcdef0123456789abcdef"}
	if err := registry.CreateModel(ctx, &pluvia.Model{Name: v.Model}); err != nil {
		return err
	}
	if err := registry.CreateVersion(ctx, v); err != nil {
		return err
	}
	return registry.UpdateVersion(ctx, v.Model, v.Number, pluvia.VersionUpdate{Aliases: []string{pluvia.Champion}})
}

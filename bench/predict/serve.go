package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/boost"
	"github.com/pluvia-ml/pluvia/modelfile"
	"github.com/pluvia-ml/pluvia/predict"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/project/rain"
	"github.com/pluvia-ml/pluvia/store"
	"github.com/pluvia-ml/pluvia/table/csv"
)

// nothing is the path of a handler that reads the body and answers {}: what
// net/http and wrk leave of the machine, in the same minutes.
const nothing = "/nothing"

// serve serves a champion as large as the peer's model: 200 trees of 31
// leaves, from 20,000 rows of the project's own data set.
func serve(ctx context.Context, address string) error {
	dir, err := os.MkdirTemp("", "bench-predict-serve")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p, err := rain.Project()
	if err != nil {
		return err
	}
	m, err := train(ctx, p)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	st, err := store.Open(ctx, filepath.Join(dir, "pluvia.db"))
	if err != nil {
		return err
	}
	defer st.Close()
	buckets, err := bucket.OpenFolder(filepath.Join(dir, "buckets"))
	if err != nil {
		return err
	}
	defer buckets.Close()

	const prefix = "1/bench/artifacts/model"
	err = m.Write(func(name string, data []byte) error {
		return buckets.Put(ctx, pluvia.MLflowBucket, prefix+"/"+name, bytes.NewReader(data))
	})
	if err != nil {
		return err
	}
	v := &pluvia.Version{Model: p.Names.ModelProd, Source: pluvia.URI(pluvia.MLflowBucket, prefix), RunID: fmt.Sprintf("%032x", 1)}
	if err := st.CreateModel(ctx, &pluvia.Model{Name: v.Model}); err != nil {
		return err
	}
	if err := st.CreateVersion(ctx, v); err != nil {
		return err
	}
	if err := st.UpdateVersion(ctx, v.Model, v.Number, pluvia.VersionUpdate{Aliases: []string{pluvia.Champion}}); err != nil {
		return err
	}

	service, err := predict.New(predict.Config{Project: p, Store: st, Buckets: buckets})
	if err != nil {
		return err
	}
	if _, err := service.Update(ctx); err != nil {
		return err
	}
	mux := http.NewServeMux()
	service.Routes(mux)
	mux.HandleFunc("POST "+nothing, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Write([]byte("{}"))
	})
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func train(ctx context.Context, p *project.Project) (*modelfile.Model, error) {
	file, err := p.Files.Open(p.Source.Snapshot)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	all, _, err := csv.Read(ctx, file, &p.Schema, csv.Options{})
	if err != nil {
		return nil, err
	}
	var rows []int
	var labels []bool
	target := all.Column(p.Target.Field)
	for i := 0; i < all.Rows() && len(rows) < 20_000; i++ {
		if !target.Missing(i) {
			rows, labels = append(rows, i), append(labels, target.Text(i) == p.Target.Positive)
		}
	}
	const native = "native"
	part := all.Take(rows)
	fitted, err := p.Recipes[native].Fit(p.Inputs(), part)
	if err != nil {
		return nil, err
	}
	features, err := fitted.Apply(part)
	if err != nil {
		return nil, err
	}
	b := boost.Default()
	b.Trees = 200
	classifier, err := b.Fit(ctx, learn.Train{X: features, Y: labels})
	if err != nil {
		return nil, err
	}
	return &modelfile.Model{
		Project: p.Name, Learner: "boosting", Family: "boost", Recipe: fitted, Classifier: classifier,
		Threshold: 0.5, Target: p.Target.Field, Positive: p.Target.Positive, Seed: p.Seed, Rows: len(rows),
	}, nil
}

// exampleBody is the flat call that the documentation of the API shows.
func exampleBody() ([]byte, error) {
	p, err := rain.Project()
	if err != nil {
		return nil, err
	}
	features, err := predict.ExampleFeatures(p)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"features": features})
}

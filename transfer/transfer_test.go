package transfer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/store"
	"github.com/pluvia-ml/pluvia/transfer"
)

// house is a store and buckets to import into.
type house struct {
	store   *store.Store
	buckets pluvia.Buckets
}

func newHouse(t *testing.T) *house {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(dir, "pluvia.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	b, err := bucket.OpenFolder(filepath.Join(dir, "buckets"))
	if err != nil {
		t.Fatal(err)
	}
	return &house{s, b}
}

func open(t *testing.T, place string) transfer.Source {
	t.Helper()
	from, err := transfer.Open(t.Context(), place, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := from.Close(); err != nil {
			t.Error(err)
		}
	})
	return from
}

func (h *house) take(t *testing.T, place string) *transfer.Report {
	t.Helper()
	report, err := transfer.Import(t.Context(), transfer.Config{From: open(t, place), Store: h.store, Buckets: h.buckets})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// seen is what MLflow's own client has read of a fixture; see testdata/make.py.
type seen struct {
	Experiments map[string]struct {
		Name, Stage string
		Tags        map[string]string
	}
	Runs map[string]struct {
		Experiment, Name, Status, User, Stage string
		Start, End                            int64
		Params, Tags                          map[string]string
		Points                                map[string][][3]any
		Inputs                                [][6]any
		Outputs                               []string
	}
	LoggedModels map[string]struct {
		Name, Status, Type, Run string
		Created, Updated        int64
		Params, Tags            map[string]string
		Metrics                 [][7]any
	} `json:"logged_models"`
	Models map[string]struct {
		Description      string
		Created, Updated int64
		Tags             map[string]string
		Aliases          map[string]int
	}
	Versions map[string]struct {
		Description, Stage, Run, Source string
		Created, Updated                int64
		Tags                            map[string]string
	}
}

func tagMap[T ~struct{ Key, Value string }](list []T) map[string]string {
	m := make(map[string]string)
	for _, v := range list {
		t := pluvia.Tag(v)
		m[t.Key] = t.Value
	}
	return m
}

// value is a number as the fixture's script writes it.
func value(v float64) any {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	}
	return v
}

func read(t *testing.T, file string) (s seen) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s is %v\nwant %v", what, got, want)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// compare holds the house against what MLflow's client has read.
func compare(t *testing.T, h *house, want seen) {
	t.Helper()
	ctx := t.Context()
	for id, w := range want.Experiments {
		e := must(h.store.Experiment(ctx, id))(t)
		same(t, "experiment "+id, []any{e.Name, string(e.Stage), tagMap(e.Tags)}, []any{w.Name, w.Stage, w.Tags})
	}
	for id, w := range want.Runs {
		r := must(h.store.Run(ctx, id))(t)
		same(t, "run "+id, []any{r.ExperimentID, r.Name, string(r.Status), r.User, string(r.Stage), r.Start, r.End, tagMap(r.Params), tagMap(r.Tags)},
			[]any{w.Experiment, w.Name, w.Status, w.User, w.Stage, w.Start, w.End, w.Params, w.Tags})
		same(t, "artifacts of run "+id, r.ArtifactURI, "s3://mlflow/"+r.ExperimentID+"/"+id+"/artifacts")
		same(t, "number of metrics of run "+id, len(r.Metrics), len(w.Points))
		for key, points := range w.Points {
			var got [][3]any
			for _, p := range must(h.store.MetricHistory(ctx, id, key))(t) {
				got = append(got, [3]any{float64(p.Step), float64(p.Timestamp), value(p.Value)})
			}
			for n, p := range points {
				if v, err := strconv.ParseFloat(p[2].(string), 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
					points[n][2] = v
				}
			}
			same(t, "metric "+key+" of run "+id, got, points)
		}
		var inputs [][6]any
		for _, in := range r.Inputs {
			tags := make(map[string]any)
			for _, t := range in.Tags {
				tags[t.Key] = t.Value
			}
			inputs = append(inputs, [6]any{in.Dataset.Name, in.Dataset.Digest, in.Dataset.Source, in.Dataset.Schema, in.Dataset.Profile, tags})
		}
		same(t, "inputs of run "+id, len(inputs), len(w.Inputs))
		for n := range inputs {
			same(t, "input of run "+id, inputs[n], w.Inputs[n])
		}
		var outputs []string
		for _, o := range r.Outputs {
			outputs = append(outputs, o.ModelID)
		}
		same(t, "outputs of run "+id, fmt.Sprint(outputs), fmt.Sprint(w.Outputs))
	}
	for id, w := range want.LoggedModels {
		m := must(h.store.LoggedModel(ctx, id))(t)
		same(t, "logged model "+id, []any{m.Name, string(m.Status), m.Type, m.SourceRunID, m.Created, m.Updated, tagMap(m.Params), tagMap(m.Tags)},
			[]any{w.Name, w.Status, w.Type, w.Run, w.Created, w.Updated, w.Params, w.Tags})
		var metrics [][7]any
		for _, p := range m.Metrics {
			metrics = append(metrics, [7]any{p.Key, p.Value, float64(p.Step), float64(p.Timestamp), p.Dataset.Name, p.Dataset.Digest, p.RunID})
		}
		same(t, "metrics of logged model "+id, fmt.Sprint(metrics), fmt.Sprint(w.Metrics))
	}
	for name, w := range want.Models {
		m := must(h.store.Model(ctx, name))(t)
		aliases := make(map[string]int)
		for _, a := range m.Aliases {
			aliases[a.Name] = a.Version
		}
		same(t, "model "+name, []any{m.Description, m.Created, m.Updated, tagMap(m.Tags), aliases}, []any{w.Description, w.Created, w.Updated, w.Tags, w.Aliases})
	}
	for id, w := range want.Versions {
		name, number, _ := strings.Cut(id, "/")
		v := must(h.store.Version(ctx, name, must(strconv.Atoi(number))(t)))(t)
		same(t, "version "+id, []any{v.Description, v.Stage, v.RunID, v.Created, v.Updated, tagMap(v.Tags)}, []any{w.Description, w.Stage, w.Run, w.Created, w.Updated, w.Tags})
		source := w.Source
		if _, rest, ok := strings.Cut(w.Source, "/mlruns/"); ok {
			source = "s3://mlflow/" + rest
		}
		same(t, "source of version "+id, v.Source, source)
	}
}

// dump is everything in a house, as text.
func (h *house) dump(t *testing.T) string {
	t.Helper()
	ctx := t.Context()
	var b strings.Builder
	line := func(v any) { fmt.Fprintf(&b, "%+v\n", v) }
	experiments, _, err := h.store.SearchExperiments(ctx, pluvia.Search{View: pluvia.AllStages, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range experiments {
		if e.ID == "0" { // made when the house was
			e.Created, e.Updated = 0, 0
		}
		line(*e)
		within := pluvia.Search{Experiments: []string{e.ID}, View: pluvia.AllStages, Limit: 1000}
		runs, _, err := h.store.SearchRuns(ctx, within)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			whole := must(h.store.Run(ctx, r.ID))(t)
			line(*whole)
			for _, m := range whole.Metrics {
				line(must(h.store.MetricHistory(ctx, r.ID, m.Key))(t))
			}
		}
		models, _, err := h.store.SearchLoggedModels(ctx, within, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range models {
			line(*m)
		}
	}
	for _, m := range must(h.store.Models(ctx))(t) {
		line(*m)
		for _, v := range must(h.store.Versions(ctx, m.Name))(t) {
			line(*v)
		}
	}
	for _, o := range must(h.buckets.List(ctx, pluvia.MLflowBucket, ""))(t) {
		body, _, err := h.buckets.Open(ctx, pluvia.MLflowBucket, o.Key)
		if err != nil {
			t.Fatal(err)
		}
		text := must(io.ReadAll(body))(t)
		body.Close()
		fmt.Fprintf(&b, "%s %q\n", o.Key, text)
	}
	return b.String()
}

// fixtures are what MLflow 3.17.2 has made.
var fixtures = map[string]string{"db": "testdata/db/mlflow.db", "folder": "testdata/folder"}

func TestImport(t *testing.T) {
	t.Parallel()
	for name, place := range fixtures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			report := h.take(t, place)
			if err := report.Err(); err != nil {
				t.Fatal(err)
			}
			want := read(t, "testdata/"+name+".json")
			if name == "folder" { // MLflow's file store reads step 0 where it has written step 1 and a data set
				for _, r := range want.Runs {
					if points := r.Points["accuracy"]; len(points) > 0 {
						points[0][0] = 1.0
					}
				}
			}
			compare(t, h, want)
			if n := report.Here[transfer.Artifacts]; n != 11 {
				t.Errorf("%d artifacts came over, want 11", n)
			}
			// A version that was deleted there has used its number.
			v := &pluvia.Version{Model: "reg", Source: "s3://mlflow/x/y"}
			if err := h.store.AddVersion(t.Context(), v); err != nil || v.Number != 5 {
				t.Errorf("the next version is %d (%v), want 5", v.Number, err)
			}
		})
	}
}

func TestImportTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	for name, place := range fixtures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.take(t, place)
			before := h.dump(t)
			if err := h.take(t, place).Err(); err != nil {
				t.Error(err)
			}
			same(t, "the house after a second import", h.dump(t), before)
		})
	}
}

// What has been changed here meanwhile is not set back.
func TestImportKeepsWhatIsHere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.take(t, fixtures["db"])
	err := h.store.UpdateVersion(t.Context(), "reg", 1, pluvia.VersionUpdate{Aliases: []string{"champion"}, Tags: []pluvia.Tag{{Key: "ours", Value: "1"}}})
	if err != nil {
		t.Fatal(err)
	}
	before := h.dump(t)
	if err := h.take(t, fixtures["db"]).Err(); err != nil {
		t.Error(err)
	}
	same(t, "the house", h.dump(t), before)
}

// dying is a store that ends the import after some parcels.
type dying struct {
	*store.Store
	left int
}

var errDied = errors.New("died")

func (d *dying) Import(ctx context.Context, p pluvia.Parcel) error {
	if d.left--; d.left < 0 {
		return errDied
	}
	return d.Store.Import(ctx, p)
}

// An import that ended anywhere leaves whole parcels, and the next one ends
// where one without interruption does.
func TestImportGoesOn(t *testing.T) {
	t.Parallel()
	whole := newHouse(t)
	whole.take(t, fixtures["db"])
	want := whole.dump(t)
	h := newHouse(t)
	for after := 0; ; after++ {
		_, err := transfer.Import(t.Context(), transfer.Config{From: open(t, fixtures["db"]), Store: &dying{h.store, after}, Buckets: h.buckets})
		if err == nil {
			if after < 10 {
				t.Errorf("over after %d parcels", after)
			}
			break
		}
		if !errors.Is(err, errDied) {
			t.Fatal(err)
		}
	}
	same(t, "the house", h.dump(t), want)
}

// A source is only read: nothing is written beside it either.
func TestImportLeavesTheSource(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/db")); err != nil {
		t.Fatal(err)
	}
	list := func() (names []string) {
		err := filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
			names = append(names, fmt.Sprint(name, info.Size(), info.ModTime()))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	before := list()
	newHouse(t).take(t, filepath.Join(dir, "mlflow.db"))
	same(t, "the source", list(), before)
}

// Numbers that are taken here go to others, and names bring together.
func TestImportExperimentNumbers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if err := h.store.CreateExperiment(t.Context(), &pluvia.Experiment{Name: "ours"}); err != nil { // number 1
		t.Fatal(err)
	}
	report := h.take(t, fixtures["db"])
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	e, err := h.store.ExperimentByName(t.Context(), "imported")
	if err != nil || e.ID == "1" {
		t.Fatalf("the imported experiment is %+v, %v", e, err)
	}
	if !slices.ContainsFunc(report.Notes, func(n string) bool { return strings.Contains(n, "experiment 1 (imported) is "+e.ID) }) {
		t.Errorf("nothing of it in %q", report.Notes)
	}
	before := h.dump(t)
	h.take(t, fixtures["db"])
	same(t, "the house after a second import", h.dump(t), before)
}

// Another model of the same name is not mixed with the one here.
func TestImportAnotherModel(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, err := range []error{
		h.store.CreateModel(t.Context(), &pluvia.Model{Name: "reg"}),
		h.store.AddVersion(t.Context(), &pluvia.Version{Model: "reg", Source: "s3://mlflow/our/own"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	err := h.take(t, fixtures["db"]).Err()
	if err == nil || !strings.Contains(err.Error(), "version 1 of model \"reg\" is another one here") || !strings.Contains(err.Error(), "versions: 3 there, 2 here") {
		t.Errorf("said %v", err)
	}
	if v := must(h.store.Version(t.Context(), "reg", 1))(t); v.Source != "s3://mlflow/our/own" {
		t.Errorf("version 1 is %+v now", v)
	}
}

// The way out and in again brings everything back.
func TestExport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.take(t, fixtures["db"])
	directory := filepath.Join(t.TempDir(), "mlruns")
	report, err := transfer.Export(t.Context(), transfer.ExportConfig{Store: h.store, Buckets: h.buckets, Directory: directory})
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		t.Fatal(err)
	}
	back := newHouse(t)
	if err := back.take(t, directory).Err(); err != nil {
		t.Fatal(err)
	}
	same(t, "what has come back", back.dump(t), h.dump(t))
	if _, err := transfer.Export(t.Context(), transfer.ExportConfig{Store: h.store, Buckets: h.buckets, Directory: directory}); pluvia.ErrorCode(err) != pluvia.Invalid {
		t.Errorf("a directory that is not empty: %v", err)
	}
}

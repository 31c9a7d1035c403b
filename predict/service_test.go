package predict

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/boost"
	"github.com/pluvia-ml/pluvia/modelfile"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/project/rain"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/store"
	"github.com/pluvia-ml/pluvia/table"
)

// toy is the project of testdata/fastapi_golden.py: a feature of each kind
// that the flat call knows.
func toy() *project.Project {
	bound := func(x float64) *float64 { return &x }
	return &project.Project{
		Name: "toy", Title: project.Text{"en": "Toy"}, Question: project.Text{"en": "Will it?"},
		Schema: table.Schema{
			Fields: []table.Field{
				{Name: "Answer", Type: table.TypeCategory, Categories: []string{"no", "yes"}},
				{Name: "Low", Type: table.TypeNumber, Min: bound(-50), Max: bound(60), Unit: "°C"},
				{Name: "High", Type: table.TypeNumber},
				{Name: "Share", Type: table.TypeNumber},
				{Name: "Flag", Type: table.TypeInteger},
				{Name: "Month", Type: table.TypeInteger},
			},
			Missing: []string{"NA"},
		},
		Target:  project.Target{Field: "Answer", Positive: "yes"},
		Recipes: map[string]recipe.Recipe{"plain": {&recipe.FillMedian{}}},
		Names:   project.Names{ModelProd: "toy_prod"},
		API: project.API{
			Recipe: "plain", Welcome: "hello", Positive: "It will", Negative: "It will not",
			Updated: "new", Same: "same", Local: "local",
			Features: []project.Feature{
				{Name: "Low", Min: -50, Max: 60},
				{Name: "High", Min: 0, Max: 1100},
				{Name: "Share", Min: 0, Max: 0.5, Optional: true},
				{Name: "Flag", Min: 0, Max: 1, Integer: true},
				{Name: "Month", Min: 1, Max: 12, Integer: true},
			},
		},
	}
}

// observed makes n observations of the project at random, with missing values.
func observed(p *project.Project, n int) *table.Table {
	r := rand.New(rand.NewPCG(1, 2))
	var columns []*table.Column
	for _, f := range p.Inputs() {
		switch f.Type.Kind() {
		case table.Category:
			c := table.Categories(f.Name, make([]int32, n), f.Categories)
			for i := range n {
				c.Codes[i] = int32(r.IntN(len(f.Categories)+1)) - 1
			}
			columns = append(columns, c)
		case table.Date:
			c := table.Dates(f.Name, make([]table.Day, n))
			for i := range n {
				c.Days[i] = table.NewDay(2008, 1, 1) + table.Day(r.IntN(3000))
			}
			columns = append(columns, c)
		default:
			c := table.Numbers(f.Name, make([]float64, n))
			low, high := 0.0, 100.0
			if f.Min != nil && f.Max != nil {
				low, high = *f.Min, *f.Max
			}
			for i := range n {
				if c.Numbers[i] = math.Round(low + (high-low)*r.Float64()); r.IntN(10) == 0 {
					c.Numbers[i] = table.Missing
				}
			}
			columns = append(columns, c)
		}
	}
	return table.New(columns...)
}

// trained is a boosting model of the project on random observations; seed
// makes another one.
func trained(t testing.TB, p *project.Project, steps recipe.Recipe, trees int, seed uint64) *modelfile.Model {
	t.Helper()
	x := observed(p, 600)
	fitted, err := steps.Fit(p.Inputs(), x)
	if err != nil {
		t.Fatal(err)
	}
	features, err := fitted.Apply(x)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 0))
	y := make([]bool, x.Rows())
	for i := range y {
		y[i] = r.IntN(4) == 0
	}
	b := boost.Default()
	b.Trees = trees
	m, err := b.Fit(context.Background(), learn.Train{X: features, Y: y})
	if err != nil {
		t.Fatal(err)
	}
	return &modelfile.Model{
		Project: p.Name, Learner: "boosting", Family: "boost", Recipe: fitted, Classifier: m, Threshold: 0.25,
		Target: p.Target.Field, Positive: p.Target.Positive, Rows: x.Rows(),
	}
}

// house is a service on a real store and real buckets, both of which can be
// taken away.
type house struct {
	*Predictor
	mux     *http.ServeMux
	store   pluvia.Store
	buckets pluvia.Buckets
	down    atomic.Bool
	config  Config
	log     bytes.Buffer
}

type failingStore struct {
	pluvia.Store
	h *house
}

func (s failingStore) VersionByAlias(ctx context.Context, model, alias string) (*pluvia.Version, error) {
	if s.h.down.Load() {
		return nil, pluvia.Errorf(pluvia.Unavailable, "the store is down")
	}
	return s.Store.VersionByAlias(ctx, model, alias)
}

func newHouse(t testing.TB, p *project.Project) *house {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(t.TempDir(), "pluvia.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	b, err := bucket.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	if err := s.CreateModel(ctx, &pluvia.Model{Name: p.Names.ModelProd}); err != nil {
		t.Fatal(err)
	}
	h := &house{store: s, buckets: b}
	h.config = Config{Project: p, Store: failingStore{s, h}, Buckets: b, Last: filepath.Join(t.TempDir(), "last"), Log: slog.New(slog.NewTextHandler(&h.log, nil))}
	h.start(t)
	return h
}

// start begins the service anew, as a restart of the process does.
func (h *house) start(t testing.TB) {
	t.Helper()
	var err error
	if h.Predictor, err = New(h.config); err != nil {
		t.Fatal(err)
	}
	h.mux = http.NewServeMux()
	h.Routes(h.mux)
	h.mux.Handle("GET /{$}", h.Welcome())
}

// register makes m the registry's champion.
func (h *house) register(t testing.TB, m *modelfile.Model, run string) {
	t.Helper()
	ctx := context.Background()
	prefix := "1/" + run + "/artifacts/model"
	err := m.Write(func(name string, data []byte) error {
		return h.buckets.Put(ctx, pluvia.MLflowBucket, prefix+"/"+name, bytes.NewReader(data))
	})
	if err != nil {
		t.Fatal(err)
	}
	name := h.config.Project.Names.ModelProd
	v := &pluvia.Version{Model: name, Source: pluvia.URI(pluvia.MLflowBucket, prefix), RunID: run}
	if err := h.store.CreateVersion(ctx, v); err != nil {
		t.Fatal(err)
	}
	if err := h.store.UpdateVersion(ctx, name, v.Number, pluvia.VersionUpdate{Aliases: []string{pluvia.Champion}}); err != nil {
		t.Fatal(err)
	}
}

func (h *house) ask(method, path, body string) (code int, answer string) {
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w.Code, w.Body.String()
}

func run(i int) string { return fmt.Sprintf("%032x", i) }

func rainProject(t testing.TB) *project.Project {
	t.Helper()
	p, err := rain.Project()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := toy()
	h := newHouse(t, p)

	if outcome, err := h.Update(ctx); outcome != "" || err == nil {
		t.Fatalf("nothing registered: outcome %q, error %v", outcome, err)
	}
	if code, _ := h.ask("GET", "/readyz", ""); code != 503 {
		t.Errorf("readyz without a champion: %d", code)
	}
	update := func(want string, version int, source string) {
		t.Helper()
		code, answer := h.ask("POST", "/update-model", "")
		if code != 200 || answer != `{"status":"`+want+`"}` {
			t.Fatalf("update-model: %d %s, want %s", code, answer, want)
		}
		if c := h.Champion(); c.Version != version || c.Source != source {
			t.Fatalf("%s from %s serves, want version %d from %s", c, c.Source, version, source)
		}
	}
	h.register(t, trained(t, p, p.Recipes["plain"], 3, 1), run(1))
	update("new", 1, FromRegistry)
	update("same", 1, FromRegistry)
	h.register(t, trained(t, p, p.Recipes["plain"], 3, 2), run(2))
	update("new", 2, FromRegistry)

	h.down.Store(true)
	update("local", 2, FromRegistry)
	h.start(t)
	before := h.Champion()
	if before != nil {
		t.Fatal("a new service has a champion")
	}
	update("local", 2, FromLast)
	if code, answer := h.ask("GET", "/readyz", ""); code != 200 || !strings.Contains(answer, `"source":"local"`) {
		t.Errorf("readyz from the last good model: %d %s", code, answer)
	}
	h.down.Store(false)
	update("same", 2, FromRegistry)

	// A folder that is damaged is not taken, now or after a start.
	h.register(t, trained(t, p, p.Recipes["plain"], 3, 3), run(3))
	damaged := "1/" + run(3) + "/artifacts/model/recipe.json"
	if err := h.buckets.Put(ctx, pluvia.MLflowBucket, damaged, strings.NewReader(`{}`)); err != nil {
		t.Fatal(err)
	}
	update("local", 2, FromRegistry)
	h.start(t)
	update("local", 2, FromLast)

	// A model that predicts something else is not taken.
	other := trained(t, p, p.Recipes["plain"], 3, 4)
	other.Positive = "no"
	h.register(t, other, run(4))
	if outcome, err := h.Update(ctx); outcome != Local || !strings.Contains(err.Error(), "train one for this project") {
		t.Errorf("a model for another question: %q, %v", outcome, err)
	}

	folders, err := filepath.Glob(filepath.Join(h.config.Last, "version-*"))
	if err != nil || len(folders) != 1 {
		t.Errorf("folders kept: %q, %v; want the last good one alone", folders, err)
	}
}

// A model goes on answering when the project's categories have been put in
// another order, and new fields have come.
func TestChampionOfAnOlderProject(t *testing.T) {
	t.Parallel()
	field := func(levels ...string) table.Field {
		return table.Field{Name: "Kind", Type: table.TypeCategory, Categories: levels}
	}
	old, now := toy(), toy()
	old.Schema.Fields = append(old.Schema.Fields, field("a", "b"))
	now.Schema.Fields = append([]table.Field{field("c", "b", "a")}, now.Schema.Fields...)
	m := trained(t, old, recipe.Recipe{&recipe.FillMedian{Columns: []string{"Low"}}}, 20, 1)
	c, err := newChampion(m, now)
	if err != nil {
		t.Fatal(err)
	}
	row := []float64{1, math.NaN(), 2, 3, 0.1, 1, 5} // Kind is b
	want := m.Probability(m.Scratch(), []float64{2, 3, 0.1, 1, 5, 1})
	if got := c.Probability(row); got != want {
		t.Errorf("b: got %v, want %v", got, want)
	}
	row[0] = 0 // c, which the model has never heard of
	want = m.Probability(m.Scratch(), []float64{2, 3, 0.1, 1, 5, math.NaN()})
	if got := c.Probability(row); got != want {
		t.Errorf("c: got %v, want %v", got, want)
	}
}

// blind is a classifier that has no answer.
type blind struct{ learn.Model }

func (blind) Probability([]float64) float64 { return math.NaN() }

func TestNoProbability(t *testing.T) {
	t.Parallel()
	p := toy()
	h := newHouse(t, p)
	m := trained(t, p, p.Recipes["plain"], 3, 1)
	m.Classifier = blind{m.Classifier}
	c, err := newChampion(m, p)
	if err != nil {
		t.Fatal(err)
	}
	c.Name, c.Version = "toy_prod", 7
	h.serve(c)
	for path, body := range map[string]string{
		"/api/v1/predict": `{}`,
		"/predict/":       `{"features": {"Low": 1, "High": 1, "Flag": 1, "Month": 2}}`,
	} {
		if code, answer := h.ask("POST", path, body); code != 500 || !strings.Contains(answer, "toy_prod version 7 has no probability") {
			t.Errorf("%s: %d %s", path, code, answer)
		}
	}
}

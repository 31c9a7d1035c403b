// Package predict is the prediction service: it keeps the champion in memory,
// takes a newer one without losing a request, and answers over HTTP.
//
//	store: alias champion ──> version ──> buckets: model folder ──> Champion
//	                                                                   │ kept in Config.Last
//	POST /predict/        features ──> observation ─┐                  │
//	POST /api/v1/predict  observations ─────────────┴─> recipe + model ┴─> answer
//
// A request takes the champion once, at its beginning, and is answered by it
// to its end, whatever is swapped meanwhile. Both calls go through the raw
// observation and the recipe that was fitted with the model, so that what is
// served is what was trained.
//
// When the store or the buckets cannot be reached, or hold a folder that is
// damaged, the last good champion goes on serving: the one in memory, or after
// a start the copy in Config.Last.
//
// The package never trains, never judges and never moves an alias; it knows no
// data set, only a [project.Project].
package predict

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/internal/web"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/table"
)

// Config is what a [Predictor] needs. Project, Store and Buckets must be set.
type Config struct {
	// Project says what is predicted: schema, target, the flat call, and the
	// name of the registered model whose champion is served.
	Project *project.Project
	Store   pluvia.Store
	Buckets pluvia.Buckets

	// Last is the directory in which the last good champion is kept, made when
	// it is not there. "" keeps none: then a start needs store and buckets.
	Last string

	// Log gets what goes wrong behind an answer. nil for slog.Default().
	Log *slog.Logger

	// Metrics is where the service counts and what GET /metrics shows. nil
	// makes a registry of the service's own, with those of process and runtime.
	Metrics *prometheus.Registry

	// Now is the clock. nil for time.Now.
	Now func() time.Time
}

// Outcome is what has become of an [Predictor.Update].
type Outcome string

// The outcomes. An Update that leaves nothing to serve has none: "".
const (
	Updated Outcome = "updated" // a newer champion serves
	Same    Outcome = "same"    // the champion is the one that served before
	Local   Outcome = "local"   // the registry has none to give; the last good one serves
)

// Predictor answers predictions. It is safe for concurrent use.
type Predictor struct {
	project *project.Project
	store   pluvia.Store
	buckets pluvia.Buckets
	last    string
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics

	champion atomic.Pointer[Champion]
	updating sync.Mutex // one Update at a time

	flat    *flat // nil when the project has no flat call
	calls   sync.Pool
	answers [2][]byte      // of the flat call: negative, positive
	fields  []table.Field  // of the schema
	rules   *table.Rules   // of its values
	names   *table.Rules   // of the names in a body, for who misspells one
	index   map[string]int // name -> position in fields; -1 for what is taken and never used
	spec    *web.Static    // openapi.json
	docs    *docs
}

// New makes a service that serves nothing yet; [Predictor.Update] takes the
// champion. It is an error if the project's flat call cannot be turned back
// into an observation.
func New(c Config) (*Predictor, error) {
	s := &Predictor{
		project: c.Project, store: c.Store, buckets: c.Buckets, last: c.Last,
		log: cmp.Or(c.Log, slog.Default()), now: c.Now, metrics: newMetrics(c.Metrics),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if len(c.Project.API.Features) > 0 {
		var err error
		if s.flat, err = newFlat(c.Project); err != nil {
			return nil, err
		}
		s.calls.New = func() any { return s.flat.call() }
		s.answers = flatAnswers(c.Project.API)
	}
	schema := optional(c.Project.Schema)
	s.fields = schema.Fields
	s.rules = table.NewRules(schema)
	s.names = table.NewRules(&table.Schema{Fields: []table.Field{{Name: "field", Type: table.TypeCategory, Categories: schema.Names()}}})
	s.index = make(map[string]int, len(s.fields))
	for i, field := range s.fields {
		s.index[field.Name] = i
	}
	for _, name := range append([]string{c.Project.Target.Field}, c.Project.Leaks...) {
		s.index[name] = -1
	}
	spec, err := openAPI(c.Project)
	if err != nil {
		return nil, fmt.Errorf("openapi.json: %w", err)
	}
	s.spec = web.NewStatic("/", map[string][]byte{"openapi.json": spec})
	if s.docs, err = newDocs(c.Project); err != nil {
		return nil, fmt.Errorf("docs: %w", err)
	}
	return s, nil
}

// optional is the schema with every field allowed to be missing: a model says
// what it can say of what is known.
func optional(schema table.Schema) *table.Schema {
	out := &table.Schema{Fields: slices.Clone(schema.Fields), Missing: schema.Missing}
	for i := range out.Fields {
		out.Fields[i].Required = false
	}
	return out
}

// Champion is the champion that serves now, nil before the first.
func (s *Predictor) Champion() *Champion { return s.champion.Load() }

// Update takes the champion of the registry, if it is another than the one
// that serves. With the outcome [Local] the error says why the registry's could not be
// taken, and predictions go on; with the outcome "" nothing is served.
func (s *Predictor) Update(ctx context.Context) (outcome Outcome, err error) {
	s.updating.Lock()
	defer s.updating.Unlock()

	now := s.champion.Load()
	next, err := s.fromRegistry(ctx, now)
	defer func() { s.metrics.updates.WithLabelValues(cmp.Or(string(outcome), "nothing")).Inc() }()
	switch {
	case err == nil && next == now:
		return Same, nil
	case err == nil:
		s.serve(next)
		if now != nil && now.is(next.Version, next.RunID) {
			return Same, nil
		}
		return Updated, nil
	case now != nil:
		return Local, fmt.Errorf("%s goes on serving: %w", now, err)
	}

	last, lastErr := s.fromLast()
	if lastErr != nil {
		return "", errors.Join(err, lastErr)
	}
	s.serve(last)
	return Local, fmt.Errorf("%s of %s serves: %w", last, last.Kept.Format(time.DateOnly), err)
}

// serve makes c the champion of every request that begins from now on.
func (s *Predictor) serve(c *Champion) {
	s.metrics.serve(c)
	s.champion.Store(c)
}

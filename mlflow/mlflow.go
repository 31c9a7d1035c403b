// Package mlflow is the MLflow REST dialect: what MLflow's clients send and
// expect, spoken over a [pluvia.Tracking] and [pluvia.Buckets], so that
//
//	mlflow.set_tracking_uri("http://localhost:8800")
//
// is all that training code has to say.
//
// A call goes one short way:
//
//	request (JSON or query, read leniently as protobuf reads JSON)   json.go, message.go
//	  -> checked: limits, names, filters                             validate.go, filter
//	  -> one method of the store                                     pluvia.Tracking
//	  -> answer (bytes appended, no reflection)                      answer.go
//	  or an error in MLflow's shape                                  error.go
//
// The package holds the wire types, the routes and the filter grammar, and the
// only table of MLflow's error codes. It knows no SQL and no model, keeps no
// state, and never answers an unknown path with JSON, because clients take a
// 404 that is not JSON for "this server has no such endpoint" and fall back.
// Traces, prompts' optimisation, evaluation data sets, scorers, gateways and
// the rest of the language-model groups are such unknown paths.
package mlflow

import (
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// Config is what a [Server] works on.
type Config struct {
	Store   pluvia.Tracking // experiments, runs, models
	Buckets pluvia.Buckets  // artifacts, in the bucket [pluvia.MLflowBucket]
	Log     *slog.Logger    // causes of faults of the server; nil discards them

	// Sources is what the source of a new version of a model must match; nil
	// lets every source pass that the rules in source.go let pass.
	Sources *regexp.Regexp

	// Version is the release of MLflow whose dialect clients are told this
	// server speaks, at /version; "" stands for [Version].
	Version string
}

// Version is the release of MLflow whose dialect this package speaks.
const Version = "3.17.2"

// Server answers MLflow's clients. It is safe for concurrent use.
type Server struct {
	store   pluvia.Tracking
	buckets pluvia.Buckets
	log     *slog.Logger
	sources *regexp.Regexp
	version string
	courier *courier
}

// New makes a server, which the caller closes. It panics if there is no store
// or there are no buckets.
func New(c Config) *Server {
	if c.Store == nil || c.Buckets == nil {
		panic("mlflow: no store or no buckets")
	}
	s := &Server{store: c.Store, buckets: c.Buckets, log: c.Log, sources: c.Sources, version: c.Version}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.version == "" {
		s.version = Version
	}
	s.courier = newCourier(s.log)
	return s
}

// Close ends the deliveries to webhooks that are under way, and drops those
// that wait.
func (s *Server) Close() { s.courier.close() }

// Under which prefixes calls are served. A page's calls come by "ajax-api".
var (
	api2  = []string{"/api/2.0/mlflow", "/ajax-api/2.0/mlflow"}
	ajax2 = []string{"/ajax-api/2.0/mlflow"}
	api3  = []string{"/api/3.0/mlflow", "/ajax-api/3.0/mlflow"}
	root  = []string{""}
)

// unknown are the prefixes that belong to the dialect whole: every path below
// them that is no route is a plain 404.
var unknown = []string{"/api/2.0/", "/api/3.0/", "/ajax-api/", "/v1/traces", "/graphql"}

// route is one method of one path.
type route struct {
	prefixes     []string
	method, path string
	handler      http.Handler
}

// routes is everything that the dialect answers.
func (s *Server) routes() []route {
	return slices.Concat([]route{
		{root, "GET", "/health", s.plain("OK")},
		{root, "GET", "/version", s.plain(s.version)},
		{api3, "GET", "/server-info", s.rpc(s.serverInfo)},

		{api2, "POST", "/experiments/create", s.rpc(s.createExperiment)},
		{api2, "GET", "/experiments/get", s.rpc(s.experiment)},
		{api2, "GET", "/experiments/get-by-name", s.rpc(s.experimentByName)},
		{api2, "POST", "/experiments/search", s.rpc(s.searchExperiments)},
		{api2, "GET", "/experiments/search", s.rpc(s.searchExperiments)},
		{api2, "POST", "/experiments/update", s.rpc(s.updateExperiment)},
		{api2, "POST", "/experiments/delete", s.rpc(s.deleteExperiment)},
		{api2, "POST", "/experiments/restore", s.rpc(s.restoreExperiment)},
		{api2, "POST", "/experiments/set-experiment-tag", s.rpc(s.setExperimentTag)},
		{api2, "POST", "/experiments/delete-experiment-tag", s.rpc(s.deleteExperimentTag)},
		{ajax2, "POST", "/experiments/search-datasets", s.rpc(s.searchDatasets)},

		{api2, "POST", "/runs/create", s.rpc(s.createRun)},
		{api2, "GET", "/runs/get", s.rpc(s.run)},
		{api2, "POST", "/runs/update", s.rpc(s.updateRun)},
		{api2, "POST", "/runs/delete", s.rpc(s.deleteRun)},
		{api2, "POST", "/runs/restore", s.rpc(s.restoreRun)},
		{api2, "POST", "/runs/search", s.rpc(s.searchRuns)},
		{api2, "POST", "/runs/log-metric", s.rpc(s.logMetric)},
		{api2, "POST", "/runs/log-parameter", s.rpc(s.logParam)},
		{api2, "POST", "/runs/set-tag", s.rpc(s.setTag)},
		{api2, "POST", "/runs/delete-tag", s.rpc(s.deleteTag)},
		{api2, "POST", "/runs/log-batch", s.rpcOf(maxBatchBody, s.logBatch)},
		{api2, "POST", "/runs/log-model", s.rpc(s.logModel)},
		{api2, "POST", "/runs/log-inputs", s.rpcOf(maxInputBody, s.logInputs)},
		{api2, "POST", "/runs/outputs", s.rpc(s.logOutputs)},

		{api2, "GET", "/metrics/get-history", s.rpc(s.metricHistory)},
		{ajax2, "GET", "/metrics/get-history-bulk", s.rpc(s.metricHistoryBulk)},
		{api2, "GET", "/metrics/get-history-bulk-interval", s.rpc(s.metricHistorySampled)},

		{api2, "POST", "/logged-models", s.rpc(s.createLoggedModel)},
		{api2, "POST", "/logged-models/search", s.rpc(s.searchLoggedModels)},
		{api2, "GET", "/logged-models/{model_id}", s.rpc(s.loggedModel)},
		{api2, "PATCH", "/logged-models/{model_id}", s.rpc(s.finishLoggedModel)},
		{api2, "DELETE", "/logged-models/{model_id}", s.rpc(s.deleteLoggedModel)},
		{api2, "PATCH", "/logged-models/{model_id}/tags", s.rpc(s.setLoggedModelTags)},
		{api2, "DELETE", "/logged-models/{model_id}/tags/{key}", s.rpc(s.deleteLoggedModelTag)},
		{api2, "POST", "/logged-models/{model_id}/params", s.rpc(s.logModelParams)},
	}, s.artifactRoutes(), s.registryRoutes(), s.webhookRoutes())
}

// Routes registers the routes: each path with its methods, 405 for other
// methods, and a plain 404 below the dialect's prefixes. GET means HEAD too.
func (s *Server) Routes(mux *http.ServeMux) {
	paths := make(map[string]methods)
	for _, r := range s.routes() {
		for _, prefix := range r.prefixes {
			path := prefix + r.path
			if paths[path] == nil {
				paths[path] = make(methods)
				mux.Handle(path, paths[path])
			}
			paths[path][r.method] = r.handler
		}
	}
	for _, prefix := range unknown {
		mux.HandleFunc(prefix, http.NotFound)
	}
}

// methods are the handlers of one path by method.
type methods map[string]http.Handler

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	h, ok := m[method]
	if !ok {
		allowed := make([]string, 0, len(m)+1)
		for method := range m {
			allowed = append(allowed, method)
		}
		if m[http.MethodGet] != nil {
			allowed = append(allowed, http.MethodHead)
		}
		slices.Sort(allowed)
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	h.ServeHTTP(w, r)
}

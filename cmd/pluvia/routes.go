package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/console"
	"github.com/pluvia-ml/pluvia/cycle"
	"github.com/pluvia-ml/pluvia/internal/web"
	"github.com/pluvia-ml/pluvia/predict"
)

// newHandler is everything that the server answers. The console has every path
// that no programming interface has taken.
//
// A server that only this machine can reach refuses names that are not this
// machine's: a page of elsewhere must not reach it by a name of its own.
func newHandler(h *house, service *predict.Predictor, runner *cycle.Runner, start func(...cycle.Step) error, loopback bool) (http.Handler, error) {
	pages, err := console.New(console.Config{
		Project: h.project, Store: h.store, Buckets: h.buckets, Cycle: consoleCycle{runner, start},
		Champion: func() *console.Champion { return consoleChampion(service.Champion()) },
		Version:  version(), Log: h.log,
	})
	if err != nil {
		return nil, err
	}
	faults := pages.Errors()
	mux := http.NewServeMux()
	service.Routes(mux)
	if h.dialect != nil {
		h.dialect.Routes(mux)
	}
	mux.Handle("/", pages)
	mux.Handle("GET /predict", pages) // the form; POST is the service's
	mux.Handle("GET /{$}", either(pages, service.Welcome()))
	mux.Handle("POST /api/v1/cycles", faults.Handle(startCycle(runner, start)))
	mux.Handle("GET /api/v1/cycles/current", faults.Handle(func(w http.ResponseWriter, r *http.Request) error {
		return writeStatus(w, http.StatusOK, runner.Status())
	}))

	handler := web.Secure(faults.SameOrigin(faults.Recover(mux)))
	if loopback {
		handler = faults.Hosts(handler)
	}
	if h.verbose {
		handler = web.Log(handler, h.log)
	}
	return handler, nil
}

// consoleCycle shows a runner to the console.
type consoleCycle struct {
	runner *cycle.Runner
	start  func(...cycle.Step) error
}

func (c consoleCycle) Start(context.Context) error { return c.start(cycle.Steps...) }

func (c consoleCycle) Status() console.Status {
	s := c.runner.Status()
	return console.Status{
		Running: s.Running, RunID: s.RunID, Steps: s.Steps, Step: string(s.Step), Doing: s.Doing,
		Done: s.Done, Total: s.Total, Since: s.Since, Err: s.Err,
	}
}

func consoleChampion(c *predict.Champion) *console.Champion {
	if c == nil {
		return nil
	}
	return &console.Champion{
		Model: c.Name, Version: c.Version, RunID: c.RunID, Threshold: c.Model.Threshold,
		LastGood: c.Source == predict.FromLast, Probability: c.Probability,
	}
}

// either answers browsers with a page and everyone else with JSON.
func either(page, program http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept")
		if web.WantsHTML(r) {
			page.ServeHTTP(w, r)
			return
		}
		program.ServeHTTP(w, r)
	})
}

// startCycle begins a cycle: POST {"steps": ["etl", ...]}, all steps when the
// body is empty.
func startCycle(runner *cycle.Runner, start func(...cycle.Step) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var body struct {
			Steps []cycle.Step `json:"steps"`
		}
		if r.ContentLength != 0 {
			decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&body); err != nil {
				return pluvia.Errorf(pluvia.Invalid, "body: want {\"steps\": [...]} with some of %q: %w", cycle.Steps, err)
			}
		}
		if len(body.Steps) == 0 {
			body.Steps = cycle.Steps
		}
		for _, step := range body.Steps {
			if !slices.Contains(cycle.Steps, step) {
				return pluvia.Errorf(pluvia.Invalid, "steps: %q: must be one of %q", step, cycle.Steps)
			}
		}
		if err := start(body.Steps...); err != nil {
			return err
		}
		return writeStatus(w, http.StatusAccepted, runner.Status())
	}
}

func writeStatus(w http.ResponseWriter, status int, s cycle.Status) error {
	text, err := json.Marshal(toWire(s))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err = w.Write(append(text, '\n'))
	return err
}

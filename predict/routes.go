package predict

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/internal/web"
)

// Limits of what a request may carry. The depth of JSON and the number of
// faults in an answer are bounded too: maxDepth, maxDetails.
const (
	MaxBody         = 1 << 20  // bytes of a flat call
	MaxBatchBody    = 16 << 20 // bytes of a call with observations
	MaxObservations = 10_000   // of one call
)

// Routes registers what the service answers. GET / is left to the caller, who
// may have a page for browsers there: see [Predictor.Welcome].
func (s *Predictor) Routes(mux *http.ServeMux) {
	if s.flat != nil {
		s.route(mux, http.MethodPost, "/predict/", s.predict, "/predict", "/predict/{$}")
	}
	s.route(mux, http.MethodPost, "/update-model", s.updateModel)
	s.route(mux, http.MethodPost, "/api/v1/predict", s.predictObservations)
	s.route(mux, http.MethodGet, "/docs", s.showDocs)
	s.route(mux, http.MethodGet, "/docs/{file}", s.docs.files.Serve)
	s.route(mux, http.MethodGet, "/openapi.json", s.showSpec)
	s.route(mux, http.MethodGet, "/healthz", s.healthz)
	s.route(mux, http.MethodGet, "/readyz", s.readyz)
	metrics := promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{})
	s.route(mux, http.MethodGet, "/metrics", func(w http.ResponseWriter, r *http.Request) error {
		metrics.ServeHTTP(w, r)
		return nil
	})
}

// Welcome answers GET / to a program.
func (s *Predictor) Welcome() http.Handler {
	return s.handle(s.metrics.route("/"), func(w http.ResponseWriter, _ *http.Request) error {
		return writeJSON(w, http.StatusOK, map[string]string{"message": s.project.API.Welcome})
	})
}

// route registers h, which the metrics call name, for one method at the
// patterns, or at name if there are none.
func (s *Predictor) route(mux *http.ServeMux, method, name string, h web.Handler, patterns ...string) {
	if len(patterns) == 0 {
		patterns = []string{name}
	}
	rt := s.metrics.route(name)
	allow := method
	if method == http.MethodGet {
		allow = "GET, HEAD"
	}
	for _, pattern := range patterns {
		mux.Handle(method+" "+pattern, s.handle(rt, h))
		mux.Handle(pattern, s.handle(rt, func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Allow", allow)
			return errMethod
		}))
	}
}

var errMethod = errors.New("method not allowed")

// handle counts and times h, and writes its error.
func (s *Predictor) handle(rt *route, h web.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		code := http.StatusOK
		if err := h(w, r); err != nil {
			code = s.refuse(w, r, err)
		}
		rt.answered(code, time.Since(begin).Seconds())
	})
}

// invalid is a body that breaks rules.
type invalid struct{ *details }

func (e invalid) Error() string { return strconv.Itoa(len(e.list)+e.more) + " faults in the body" }

// refuse is the one place that writes errors, in FastAPI's shapes: a list of
// details for a body that breaks rules, a sentence for the rest.
func (s *Predictor) refuse(w http.ResponseWriter, r *http.Request, err error) (code int) {
	var bad invalid
	if errors.As(err, &bad) {
		list := bad.list
		if bad.more > 0 {
			list = append(list, detail{Type: "too_many_faults", Loc: []any{"body"}, Input: json.RawMessage("null"),
				Msg: strconv.Itoa(bad.more) + " more faults are not listed; mend these and send the body again"})
		}
		s.write(w, http.StatusUnprocessableEntity, map[string]any{"detail": list})
		return http.StatusUnprocessableEntity
	}
	if errors.Is(err, errMethod) {
		s.write(w, http.StatusMethodNotAllowed, map[string]any{"detail": http.StatusText(http.StatusMethodNotAllowed)})
		return http.StatusMethodNotAllowed
	}
	// That there is no champion yet is a state, asked for again and again by
	// whoever waits for one; only an error with a cause has something to log.
	if code = web.Status(err); code >= 500 && (code != http.StatusServiceUnavailable || errors.Unwrap(err) != nil) {
		s.log.LogAttrs(r.Context(), slog.LevelError, "request refused", slog.String("route", r.URL.Path), slog.Int("code", code), slog.Any("err", err))
	}
	if code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	s.write(w, code, map[string]any{"detail": pluvia.ErrorMessage(err)})
	return code
}

func (s *Predictor) write(w http.ResponseWriter, code int, v any) {
	if err := writeJSON(w, code, v); err != nil {
		s.log.Debug("the answer was not taken", "err", err)
	}
}

func writeJSON(w http.ResponseWriter, code int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeBody(w, code, body)
}

// The values of headers, made once.
var (
	typeJSON = []string{"application/json"}
	noStore  = []string{"no-store"}
)

func writeBody(w http.ResponseWriter, code int, body []byte) error {
	h := w.Header()
	h["Content-Type"] = typeJSON
	h["Cache-Control"] = noStore
	w.WriteHeader(code)
	w.Write(body) // when the client has gone there is nobody to tell
	return nil
}

// readBody reads at most limit bytes of a request's body into buf, which it
// grows as they come, whatever the request announces.
func readBody(buf []byte, r *http.Request, limit int) ([]byte, error) {
	buf = buf[:0]
	if r.ContentLength > int64(limit) {
		return buf, tooLarge(limit)
	}
	for {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, max(4096, len(buf)))
		}
		n, err := r.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > limit:
			return buf, tooLarge(limit)
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, endedEarly(len(buf))
		}
	}
}

// endedEarly is a body of which only n bytes came: the client has gone, is too
// slow, or has announced more than it has.
func endedEarly(n int) error {
	d := new(details)
	d.add(detail{Type: "json_invalid", Loc: []any{"body", n}, Msg: "JSON decode error", Input: json.RawMessage("{}"),
		Ctx: map[string]any{"error": "The body ended early, or came too slowly: send all of it"}})
	return invalid{d}
}

func tooLarge(limit int) error {
	return pluvia.Errorf(pluvia.TooLarge, "the body is larger than %d MiB: send less at once", limit>>20)
}

func (s *Predictor) noChampion() error {
	return pluvia.Errorf(pluvia.Unavailable, "no champion of %s is loaded yet: wait for the first cycle to end, or train one and call POST /update-model", s.project.Names.ModelProd)
}

// updateModel answers with the words of the original's clients.
func (s *Predictor) updateModel(w http.ResponseWriter, r *http.Request) error {
	outcome, err := s.Update(r.Context())
	var words string
	switch outcome {
	case Updated:
		words = s.project.API.Updated
	case Same:
		words = s.project.API.Same
	case Local:
		words = s.project.API.Local
		s.log.LogAttrs(r.Context(), slog.LevelWarn, "update-model", slog.Any("err", err))
	default:
		return &pluvia.Error{Code: pluvia.Unavailable, Message: pluvia.ErrorMessage(s.noChampion()), Err: err}
	}
	return writeJSON(w, http.StatusOK, map[string]string{"status": words})
}

func (s *Predictor) healthz(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
}

func (s *Predictor) readyz(w http.ResponseWriter, _ *http.Request) error {
	c := s.Champion()
	if c == nil {
		return s.noChampion()
	}
	return writeJSON(w, http.StatusOK, map[string]any{"status": "ready", "model": c.Name, "version": c.Version, "source": c.Source})
}

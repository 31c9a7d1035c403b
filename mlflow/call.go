package mlflow

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pluvia-ml/pluvia"
)

// Limits of bodies. What a batch may hold by its other limits can be larger
// than MLflow's nominal 1 MB, and a data set's profile may be 16 MB.
const (
	maxBody      = 1 << 20  // of most calls, in bytes
	maxBatchBody = 16 << 20 // of log-batch
	maxInputBody = 48 << 20 // of log-inputs
)

// request is one call: the fields of its body or query, and its path.
type request struct {
	message
	*http.Request
}

// call answers one remote procedure call: it reads its fields from q, does
// what they say, and appends the JSON of its answer to out.
type call func(ctx context.Context, q *request, out []byte) ([]byte, error)

// empty is the answer of calls that have nothing to say.
func empty(out []byte) []byte { return append(out, '{', '}') }

// rpc makes a handler of a call whose body is at most maxBody.
func (s *Server) rpc(c call) http.Handler { return s.rpcOf(maxBody, c) }

// rpcOf is rpc for bodies of another size.
func (s *Server) rpcOf(limit int, c call) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := documents.Get().(*document)
		defer d.free()
		if err := read(d, r, limit); err != nil {
			s.refuse(w, r, err)
			return
		}
		out := answers.Get().(*[]byte)
		defer recycle(out)
		b, err := c(r.Context(), &request{message{d: d, index: -1}, r}, (*out)[:0])
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		*out = b
		writeJSON(w, http.StatusOK, b)
	})
}

// raw makes a handler of one that reads and writes bodies itself, and returns
// an error before it has written anything.
func (s *Server) raw(h func(w http.ResponseWriter, r *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.refuse(w, r, err)
		}
	})
}

// plain answers with a line of text.
func (s *Server) plain(line string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		io.WriteString(w, line)
	})
}

// Memory that is used again; what has grown beyond a usual call is let go.
var (
	documents = sync.Pool{New: func() any { return new(document) }}
	answers   = sync.Pool{New: func() any { return new([]byte) }}
)

const keep = 1 << 20 // bytes

func (d *document) free() {
	if cap(d.body) > keep || cap(d.nodes) > keep/16 {
		return
	}
	*d = document{body: d.body[:0], nodes: d.nodes[:0]}
	documents.Put(d)
}

func recycle(b *[]byte) {
	if cap(*b) <= 4*keep {
		answers.Put(b)
	}
}

// read fills d from the query or the body of a request.
func read(d *document, r *http.Request, limit int) error {
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		kind := r.Header.Get("Content-Type")
		if kind == "" {
			return pluvia.Errorf(pluvia.Invalid, "Bad Request. Content-Type header is missing.")
		}
		if kind, _, _ = strings.Cut(kind, ";"); !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
			return pluvia.Errorf(pluvia.Invalid, "Bad Request. Content-Type must be one of ['application/json'].")
		}
	}
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.URL.RawQuery != "" {
		d.ask(query(r))
		return nil
	}
	var err error
	if d.body, err = readBody(d.body[:0], r, limit); err != nil {
		return err
	}
	d.scan()
	return nil
}

// query are the parameters of a request. A semicolon is a character like any
// other, where net/url would drop the parameter that has one.
func query(r *http.Request) url.Values {
	values, _ := url.ParseQuery(strings.ReplaceAll(r.URL.RawQuery, ";", "%3B")) // what has a bad escape is not there
	return values
}

// readBody reads at most limit bytes into b, which grows as they come, whatever
// the request announces.
func readBody(b []byte, r *http.Request, limit int) ([]byte, error) {
	if r.ContentLength > int64(limit) {
		return b, &http.MaxBytesError{Limit: int64(limit)}
	}
	for {
		if len(b) == cap(b) {
			b = slices.Grow(b, max(4096, len(b)))
		}
		n, err := r.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case len(b) > limit:
			return b, &http.MaxBytesError{Limit: int64(limit)}
		case err == io.EOF:
			return b, nil
		case err != nil:
			return b, &pluvia.Error{Code: pluvia.Invalid, Message: "Bad Request. The body ended early, or came too slowly: send all of it.", Err: err}
		}
	}
}

// The values of headers, made once.
var (
	typeJSON = []string{"application/json"}
	noStore  = []string{"no-store"}
)

// writeJSON is the one place that writes answers of JSON. When the client has
// gone there is nobody to tell.
func writeJSON(w http.ResponseWriter, status int, b []byte) {
	h := w.Header()
	h["Content-Type"] = typeJSON
	h["Cache-Control"] = noStore
	h["Content-Length"] = []string{strconv.Itoa(len(b))}
	w.WriteHeader(status)
	w.Write(b)
}

// serverInfo tells clients what kind of store is behind this server.
func (s *Server) serverInfo(_ context.Context, _ *request, out []byte) ([]byte, error) {
	out = append(out, '{')
	out = textField(out, "store_type", "SqlStore")
	out = boolField(out, "workspaces_enabled", false)
	return append(out, '}'), nil
}

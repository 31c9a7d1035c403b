package mlflow

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// newHandler is the dialect over an empty database and empty buckets, without
// a connection.
func newHandler(t testing.TB) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	newSite(t).Routes(mux)
	return mux
}

// ask sends one request: "POST /runs/create" goes to /api/2.0/mlflow, a path
// that begins with /api, /ajax-api or a bar as it is, without the bar.
func ask(t testing.TB, h http.Handler, target, body string) (status int, answer string) {
	t.Helper()
	method, path, _ := strings.Cut(target, " ")
	if plain, ok := strings.CutPrefix(path, "|"); ok {
		path = plain
	} else if !strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, "/ajax-api/") {
		path = "/api/2.0/mlflow" + path
	}
	var sent io.Reader
	if body != "" {
		sent = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, path, sent)
	if method == "POST" || method == "PUT" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

package mlflow

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/store"
)

var serve = flag.String("serve", "", "serve the dialect on this address until interrupted")

func TestServe(t *testing.T) {
	if *serve == "" {
		t.Skip("only with -serve")
	}
	fmt.Println("http://" + *serve)
	t.Fatal(http.ListenAndServe(*serve, newHandler(t)))
}

// newHandler is the dialect over an empty database and empty buckets.
func newHandler(t testing.TB) http.Handler {
	t.Helper()
	dir := t.TempDir()
	db, err := store.Open(t.Context(), filepath.Join(dir, "pluvia.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	buckets, err := bucket.OpenFolder(filepath.Join(dir, "buckets"))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	New(Config{Store: db, Buckets: buckets, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}).Routes(mux)
	return mux
}

// ask sends one request: "POST /runs/create" goes to /api/2.0/mlflow, any other
// path as it is.
func ask(t testing.TB, h http.Handler, target, body string) (status int, answer string) {
	t.Helper()
	method, path, _ := strings.Cut(target, " ")
	if !strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, "/ajax-api/") {
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

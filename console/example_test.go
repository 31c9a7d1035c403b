package console_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/console"
	"github.com/pluvia-ml/pluvia/console/consoletest"
	"github.com/pluvia-ml/pluvia/internal/web"
	"github.com/pluvia-ml/pluvia/project/rain"
	"github.com/pluvia-ml/pluvia/store"
)

// The pages of an empty house, behind the middleware that they want.
func Example() {
	p, err := rain.Project()
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "console")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	runs, err := store.Open(context.Background(), filepath.Join(dir, "pluvia.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer runs.Close()
	buckets, err := bucket.OpenFolder(filepath.Join(dir, "buckets"))
	if err != nil {
		fmt.Println(err)
		return
	}
	pages, err := console.New(console.Config{Project: p, Store: runs, Buckets: buckets, Cycle: new(consoletest.Cycle)})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := web.Secure(pages.Errors().SameOrigin(pages))

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/runs", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 text/html; charset=utf-8
}

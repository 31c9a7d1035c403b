package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

// server is the middleware of the house around a few routes.
func server(log io.Writer) http.Handler {
	logger := slog.New(slog.NewTextHandler(log, nil))
	e := &Errors{Log: logger}
	mux := http.NewServeMux()
	handle := func(pattern string, h Handler) { mux.Handle(pattern, e.Handle(h)) }
	handle("GET /fail/{code}", func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("ETag", `"old"`)
		return fmt.Errorf("load: %w", pluvia.Errorf(pluvia.Code(r.PathValue("code")), "place <b> & rule"))
	})
	handle("GET /secret", func(http.ResponseWriter, *http.Request) error { return errors.New("password=hunter2") })
	handle("GET /panic", func(http.ResponseWriter, *http.Request) error { panic("oh") })
	handle("POST /echo", func(w http.ResponseWriter, r *http.Request) error {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			w.Write(body)
		}
		return err
	})
	handle("GET /page", func(w http.ResponseWriter, r *http.Request) error {
		WriteHTML(w, r, http.StatusOK, bytes.Repeat([]byte("page "), 1000))
		return nil
	})
	static := NewStatic("/static/", map[string][]byte{"a.css": bytes.Repeat([]byte("a{}"), 500), "b.bin": []byte("b")})
	handle("GET /static/", static.Serve)
	return Log(e.Recover(Secure(e.Hosts(e.SameOrigin(e.Limit(mux, 10)), "pluvia.example"))), logger)
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	static := NewStatic("/static/", map[string][]byte{"a.css": bytes.Repeat([]byte("a{}"), 500)})
	for _, test := range []struct {
		name, method, target, host, headers, body string
		status                                    int
		has                                       []string // in headers and body
		hasNot                                    []string
	}{
		{name: "JSON for programs", target: "/fail/not_found", status: 404, has: []string{`{"code":"not_found","message":"place \u003cb\u003e \u0026 rule"}`, "Content-Type: application/json", "nosniff", "frame-ancestors 'none'"}, hasNot: []string{"Etag"}},
		{name: "a page for browsers", target: "/fail/invalid", headers: "Accept: text/html,application/xhtml+xml,*/*;q=0.8", status: 422, has: []string{"place &lt;b&gt; &amp; rule", "text/html"}, hasNot: []string{"<b>"}},
		{name: "who prefers JSON", target: "/fail/full", headers: "Accept: application/json, text/html;q=0.5", status: 507, has: []string{`"full"`}},
		{name: "exists", target: "/fail/exists", status: 409}, {name: "conflict", target: "/fail/conflict", status: 409},
		{name: "too large", target: "/fail/too_large", status: 413}, {name: "unavailable", target: "/fail/unavailable", status: 503, has: []string{"Retry-After: 5"}},
		{name: "unknown code", target: "/fail/new", status: 500},
		{name: "no code, no text", target: "/secret", status: 500, has: []string{"internal error"}, hasNot: []string{"hunter2"}},
		{name: "panic", target: "/panic", status: 500, has: []string{`"code":"internal"`}, hasNot: []string{"goroutine"}},
		{name: "no route", target: "/nowhere", status: 404},
		{name: "body", method: "POST", target: "/echo", body: "0123456789", status: 200, has: []string{"0123456789"}},
		{name: "body announced too large", method: "POST", target: "/echo", body: "0123456789a", status: 413, has: []string{"limit of 10 bytes"}},
		{name: "body found too large", method: "POST", target: "/echo", headers: "X-Chunked: 1", body: "0123456789a", status: 413, has: []string{"limit of 10 bytes"}},
		{name: "other site", method: "POST", target: "/echo", headers: "Sec-Fetch-Site: cross-site", status: 403, has: []string{"another site"}},
		{name: "other origin", method: "POST", target: "/echo", headers: "Origin: http://evil.example", status: 403},
		{name: "same origin", method: "POST", target: "/echo", headers: "Origin: http://localhost:8800", body: "x", status: 200},
		{name: "reading from elsewhere", target: "/page", headers: "Sec-Fetch-Site: cross-site", status: 200},
		{name: "rebound name", target: "/page", host: "evil.example:8800", status: 421, has: []string{"evil.example"}},
		{name: "given name", target: "/page", host: "Pluvia.Example", status: 200}, {name: "IPv6", target: "/page", host: "[::1]:8800", status: 200},
		{name: "address", target: "/page", host: "192.0.2.7", status: 200}, {name: "sub of localhost", target: "/page", host: "a.localhost:1", status: 200},
		{name: "no host", target: "/page", host: "-", status: 421},
		{name: "packed page", target: "/page", headers: "Accept-Encoding: br, gzip", status: 200, has: []string{"Content-Encoding: gzip", "Cache-Control: no-store", "page page"}},
		{name: "plain page", target: "/page", headers: "Accept-Encoding: gzip;q=0", status: 200, has: []string{"Content-Length: 5000"}, hasNot: []string{"Content-Encoding"}},
		{name: "static", target: "/static/a.css", status: 200, has: []string{"text/css", "Cache-Control: no-cache", "Vary: Accept-Encoding"}, hasNot: []string{"Content-Encoding"}},
		{name: "static by hash", target: static.URL("a.css"), headers: "Accept-Encoding: gzip", status: 200, has: []string{"immutable", "Content-Encoding: gzip", "a{}a{}"}},
		{name: "static, other hash", target: "/static/a.css?v=0", status: 200, hasNot: []string{"immutable"}},
		{name: "static, not changed", target: "/static/a.css", headers: `If-None-Match: "` + static.files["a.css"].hash + `"`, status: 304},
		{name: "static, unknown kind", target: "/static/b.bin", status: 200, has: []string{"application/octet-stream"}},
		{name: "static, none", target: "/static/none.css", status: 404}, {name: "static, folder", target: "/static/", status: 404},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			method := test.method
			if method == "" {
				method = "GET"
			}
			r := httptest.NewRequest(method, "/", strings.NewReader(test.body))
			r.Host = "localhost:8800"
			if test.host != "" {
				r.Host = strings.TrimPrefix(test.host, "-")
			}
			path, query, _ := strings.Cut(test.target, "?")
			r.URL.Path, r.URL.RawQuery = path, query
			if key, value, ok := strings.Cut(test.headers, ": "); ok {
				r.Header.Set(key, value)
			}
			if r.Header.Get("X-Chunked") != "" {
				r.ContentLength = -1
			}
			w := httptest.NewRecorder()
			server(io.Discard).ServeHTTP(w, r)
			if w.Code != test.status {
				t.Errorf("status %d, want %d: %s", w.Code, test.status, w.Body)
			}
			body := w.Body.String()
			if w.Header().Get("Content-Encoding") == "gzip" {
				z, err := gzip.NewReader(w.Body)
				if err != nil {
					t.Fatal(err)
				}
				plain, err := io.ReadAll(z)
				if err != nil {
					t.Fatal(err)
				}
				body = string(plain)
			}
			var all strings.Builder
			w.Header().Write(&all)
			all.WriteString(body)
			text := strings.ReplaceAll(all.String(), "\r\n", "\n")
			for _, s := range test.has {
				if !strings.Contains(text, s) {
					t.Errorf("%q is missing in:\n%.600s", s, text)
				}
			}
			for _, s := range test.hasNot {
				if strings.Contains(text, s) {
					t.Errorf("%q is in:\n%.600s", s, text)
				}
			}
		})
	}
}

func TestLogHoldsOneLineAndNoSecret(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := server(&log)
	r := httptest.NewRequest("GET", "/a%0alevel=ERROR%20msg=forged?token=hunter2", nil)
	r.Host = "localhost"
	h.ServeHTTP(httptest.NewRecorder(), r)
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines: %s", n, &log)
	}
	if strings.Contains(log.String(), "hunter2") || !strings.Contains(log.String(), "/a%0alevel=ERROR%20msg=forged") {
		t.Error(log.String())
	}
	log.Reset()
	r = httptest.NewRequest("GET", "/panic", nil)
	r.Host = "localhost"
	h.ServeHTTP(httptest.NewRecorder(), r)
	if !strings.Contains(log.String(), "web_test.go") || !strings.Contains(log.String(), "status=500") {
		t.Errorf("the log lacks the stack or the request: %s", &log)
	}
}

func TestPanicAfterHalfAnAnswerCutsTheConnection(t *testing.T) {
	t.Parallel()
	e := new(Errors)
	s := httptest.NewServer(e.Recover(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "half")
		http.NewResponseController(w).Flush()
		panic("oh")
	})))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	defer s.Close()
	answer, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err == nil {
		t.Errorf("the answer %q looks whole", body)
	}
}

func TestPageOfErrors(t *testing.T) {
	t.Parallel()
	e := &Errors{Page: func(w http.ResponseWriter, r *http.Request, status int, message string) {
		WriteHTML(w, r, status, fmt.Appendf(nil, "<h1>%d %s", status, message))
	}}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	e.Write(w, r, pluvia.Errorf(pluvia.NotFound, "no run x"))
	if w.Code != 404 || w.Body.String() != "<h1>404 no run x" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestStaticURLPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic for a file that is not there")
		}
	}()
	NewStatic("/", nil).URL("none")
}

func FuzzQuality(f *testing.F) {
	f.Add("gzip;q=0.5, br")
	f.Add("text/html;level=1;q=x,*/*")
	f.Fuzz(func(t *testing.T, header string) {
		if q := quality(header, "gzip"); q != 0 && !strings.Contains(strings.ToLower(header), "gzip") {
			t.Errorf("%q weighs gzip %v", header, q)
		}
	})
}

func Example() {
	e := new(Errors)
	h := e.Handle(func(w http.ResponseWriter, r *http.Request) error {
		return pluvia.Errorf(pluvia.NotFound, "there is no run %q", r.URL.Query().Get("run"))
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/?run=7", nil))
	fmt.Print(w.Code, " ", w.Body)
	// Output: 404 {"code":"not_found","message":"there is no run \"7\""}
}

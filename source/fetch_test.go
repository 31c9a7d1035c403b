package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia"
)

// hand answers one request of a script.
type hand func(w http.ResponseWriter, r *http.Request)

// payload is what a good server sends; other is its next version.
var (
	payload = bytes.Repeat([]byte("day,place,value\n2020-01-01,A,1\n"), 10_000)
	other   = bytes.Repeat([]byte("day,place,value\n2021-01-01,B,2\n"), 10_000)
)

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// serve is a well-behaved answer with ranges and conditions.
func serve(data []byte, etag string) hand {
	return func(w http.ResponseWriter, r *http.Request) {
		if etag != "" {
			w.Header().Set("ETag", etag)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}
}

// breakAt announces all of data and closes the connection after n bytes.
func breakAt(data []byte, n int, etag string) hand {
	return func(w http.ResponseWriter, r *http.Request) {
		if etag != "" {
			w.Header().Set("ETag", etag)
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		w.Write(data[:n])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

// resumed demands a range from n on, and serves it.
func resumed(t *testing.T, data []byte, n int, etag string) hand {
	return func(w http.ResponseWriter, r *http.Request) {
		if got, want := r.Header.Get("Range"), fmt.Sprintf("bytes=%d-", n); got != want {
			t.Errorf("Range is %q, want %q", got, want)
		}
		if got := r.Header.Get("If-Range"); got != etag {
			t.Errorf("If-Range is %q, want %q", got, etag)
		}
		serve(data, etag)(w, r)
	}
}

func answer(code int) hand {
	return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(code) }
}

// trickling gives a byte now and then, for as long as somebody waits.
func trickling(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		w.Write([]byte{'x'})
		http.NewResponseController(w).Flush()
		time.Sleep(20 * time.Millisecond)
	}
}

func redirect(to string) hand {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	const secret = "s3cret"
	for name, c := range map[string]struct {
		before   []hand // a first Open, to have a copy; none: no copy
		script   []hand // the last one answers all that follow
		fragment string
		max      int64
		want     []byte // nil: an error
		stale    bool
		code     pluvia.Code
		message  string
	}{
		"whole":                     {script: []hand{serve(payload, `"1"`)}, want: payload},
		"no length":                 {script: []hand{chunked(payload)}, want: payload},
		"not modified":              {before: []hand{serve(payload, `"1"`)}, script: []hand{conditional(t, `"1"`)}, want: payload},
		"modified":                  {before: []hand{serve(payload, `"1"`)}, script: []hand{serve(other, `"2"`)}, want: other},
		"not modified, nothing had": {script: []hand{answer(304)}, code: pluvia.Unavailable, message: "304"},
		"broken once":               {script: []hand{breakAt(payload, 100_000, `"1"`), resumed(t, payload, 100_000, `"1"`)}, want: payload},
		"broken, then another version": {
			script: []hand{breakAt(payload, 100_000, `"1"`), serve(other, `"2"`)}, want: other},
		"broken, then a range of another version": {
			script: []hand{breakAt(payload, 100_000, `"1"`), forced(other, 100_000, `"2"`), serve(other, `"2"`)}, want: other},
		"broken, then another range": {
			script: []hand{breakAt(payload, 100_000, `"1"`), forced(payload, 50_000, `"1"`), serve(payload, `"1"`)}, want: payload},
		"broken, then no such range": {
			script: []hand{breakAt(payload, 100_000, `"1"`), answer(416), serve(payload, `"1"`)}, want: payload},
		"broken without a validator": {
			script: []hand{breakAt(payload, 100_000, ""), serve(payload, "")}, want: payload},
		"broken with a weak validator": {
			script: []hand{breakAt(payload, 100_000, `W/"1"`), serve(payload, `W/"1"`)}, want: payload},
		"always broken":     {script: []hand{breakAt(payload, 100, "")}, code: pluvia.Unavailable, message: "broke off after 100 bytes"},
		"too short":         {script: []hand{breakAt(payload, len(payload)-1, "")}, code: pluvia.Unavailable, message: "broke off"},
		"no such file":      {script: []hand{answer(404)}, code: pluvia.NotFound, message: "404 Not Found; check the address"},
		"gone, but had":     {before: []hand{serve(payload, `"1"`)}, script: []hand{answer(404)}, code: pluvia.NotFound},
		"forbidden":         {script: []hand{answer(403)}, code: pluvia.Invalid, message: "check user, password or token"},
		"teapot":            {script: []hand{answer(418)}, code: pluvia.Invalid, message: "must be 200"},
		"down":              {script: []hand{answer(503)}, code: pluvia.Unavailable, message: "no copy of it is kept"},
		"down, then up":     {script: []hand{answer(503), answer(500), serve(payload, "")}, want: payload},
		"down, but had":     {before: []hand{serve(payload, `"1"`)}, script: []hand{answer(503)}, want: payload, stale: true},
		"broken, but had":   {before: []hand{serve(payload, `"1"`)}, script: []hand{breakAt(other, 10, "")}, want: payload, stale: true},
		"redirect to file":  {script: []hand{redirect("file:///etc/passwd")}, code: pluvia.Invalid, message: "other than http or https"},
		"redirect in a row": {script: []hand{redirect("/again?token=" + secret)}, code: pluvia.Invalid, message: "redirects more than 5 times"},
		"bad redirect":      {script: []hand{redirect("http://[::1?token=" + secret)}, code: pluvia.Unavailable},
		"digest":            {script: []hand{serve(payload, "")}, fragment: "#sha256=" + sumOf(payload), want: payload},
		"other digest":      {script: []hand{serve(other, "")}, fragment: "#sha256=" + sumOf(payload), code: pluvia.Invalid, message: sumOf(other)},
		"no digest":         {script: []hand{serve(other, "")}, fragment: "#sha256=abc", code: pluvia.Invalid, message: "64 hexadecimal digits"},
		"digest beside":     {script: []hand{serve([]byte(sumOf(payload)+"  x.csv\n"), ""), serve(payload, "")}, fragment: "#sha256", want: payload},
		"digest had": {before: []hand{serve(payload, "")}, script: []hand{answer(500)},
			fragment: "#sha256=" + sumOf(payload), want: payload},
		"announced too large": {script: []hand{serve(payload, "")}, max: 1000, code: pluvia.TooLarge, message: "1000 bytes"},
		"sent too large":      {script: []hand{chunked(payload)}, max: 1000, code: pluvia.TooLarge, message: "1000 bytes"},
		"silent":              {script: []hand{silent}, code: pluvia.Unavailable, message: "next to nothing, came in time"},
		"trickling":           {script: []hand{trickling}, code: pluvia.Unavailable, message: "next to nothing, came in time"},
		"silent in between":   {before: []hand{serve(payload, `"1"`)}, script: []hand{stuck}, want: payload, stale: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script, asked := c.before, 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if user, password, _ := r.BasicAuth(); user != "ada" || password != secret {
					t.Errorf("asked as %q with %q", user, password)
				}
				asked++ // first, because a hand may abort
				script[min(asked, len(script))-1](w, r)
			}))
			defer server.Close()
			u, _ := url.Parse(server.URL + "/a/x.csv?token=" + secret)
			u.User = url.UserPassword("ada", secret)
			now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			opts := Options{MaxBytes: c.max, Idle: 200 * time.Millisecond, Backoff: time.Millisecond, Now: func() time.Time { return now }}
			keep := t.TempDir()
			open := func(fragment string) (*Source, error) { return Open(t.Context(), u.String()+fragment, keep, opts) }

			if c.before != nil {
				if _, err := open(""); err != nil {
					t.Fatal("first fetch:", err)
				}
				asked = 0
				now = now.Add(time.Hour)
			}
			script = c.script
			s, err := open(c.fragment)
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error tells a secret: %v", err)
			}
			if c.want == nil {
				if err == nil {
					t.Fatal("no error")
				}
				if got := pluvia.ErrorCode(err); got != c.code {
					t.Errorf("code %s, want %s: %v", got, c.code, err)
				}
				if !strings.Contains(err.Error(), c.message) {
					t.Errorf("error %q does not say %q", err, c.message)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.Stale != c.stale || (s.Why != "") != c.stale {
				t.Errorf("stale %v because %q, want %v", s.Stale, s.Why, c.stale)
			}
			fetched := now
			if c.stale || name == "digest had" {
				fetched = now.Add(-time.Hour)
			}
			if !s.Fetched.Equal(fetched) {
				t.Errorf("fetched %v, want %v", s.Fetched, fetched)
			}
			if text := fmt.Sprintf("%+v", s); strings.Contains(text, secret) {
				t.Errorf("the source tells a secret: %s", text)
			}
			if s.Name != "x.csv" || s.Digest != sumOf(c.want) || s.Type != HTTP {
				t.Errorf("source is %s %s %s", s.Type, s.Name, s.Digest)
			}
			if got := contents(t, s); !bytes.Equal(got, c.want) {
				t.Errorf("%d bytes, want %d others", len(got), len(c.want))
			}
			tellsNothing(t, keep, secret)
		})
	}
}

// contents reads the only file of a source.
func contents(t *testing.T, s *Source) []byte {
	t.Helper()
	r, err := s.Files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tellsNothing checks that no name and no description of a kept copy tells the URL.
func tellsNothing(t *testing.T, dir, secret string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	data := 0
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".data") {
			data++
			continue
		}
		text, err := os.ReadFile(dir + "/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(e.Name()+string(text), secret) || strings.Contains(e.Name(), "x.csv") {
			t.Errorf("%s tells the URL: %s", e.Name(), text)
		}
		if strings.HasSuffix(e.Name(), ".tmp") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
	if data != 1 {
		t.Errorf("%d copies are kept, want 1", data)
	}
}

func chunked(data []byte) hand {
	return func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		w.Write(data)
	}
}

func conditional(t *testing.T, etag string) hand {
	return func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("If-None-Match"); got != etag {
			t.Errorf("If-None-Match is %q, want %q", got, etag)
		}
		w.WriteHeader(http.StatusNotModified)
	}
}

// forced sends a range whatever was asked for.
func forced(data []byte, from int, etag string) hand {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", etag)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(data)-1, len(data)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(data[from:])
	}
}

func silent(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-time.After(5 * time.Second):
	}
}

func stuck(w http.ResponseWriter, r *http.Request) {
	w.Write(payload[:100])
	w.(http.Flusher).Flush()
	silent(w, r)
}

func TestFetchIsCancelled(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(silent))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, err := Open(ctx, server.URL, t.TempDir(), Options{}); err == nil || time.Since(begin) > 3*time.Second {
		t.Errorf("err is %v after %v", err, time.Since(begin))
	}
}

// A process that dies in the middle leaves a part; the next one goes on there.
func TestFetchResumesInAnotherProcess(t *testing.T) {
	t.Parallel()
	script, asked := []hand{breakAt(payload, 70_000, `"1"`), answer(404)}, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++ // first, because a hand may abort
		script[min(asked, len(script))-1](w, r)
	}))
	defer server.Close()
	keep := t.TempDir()
	opts := Options{Backoff: time.Millisecond}
	if _, err := Open(t.Context(), server.URL, keep, opts); err == nil {
		t.Fatal("the broken transfer was taken")
	}
	script, asked = []hand{resumed(t, payload, 70_000, `"1"`)}, 0
	s, err := Open(t.Context(), server.URL, keep, opts)
	if err != nil {
		t.Fatal(err)
	}
	if got := contents(t, s); !bytes.Equal(got, payload) {
		t.Error("other bytes")
	}
}

// A kept copy that was damaged on the disk is fetched again, and never served.
func TestDamagedCopyIsFetchedAgain(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(serve(payload, `"1"`)))
	defer server.Close()
	keep := t.TempDir()
	s, err := Open(t.Context(), server.URL, keep, Options{})
	if err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(keep)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".data") {
			if err := os.WriteFile(keep+"/"+e.Name(), other, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	r, err := s.Files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); pluvia.ErrorCode(err) != pluvia.Conflict {
		t.Errorf("the damaged copy was read: %v", err)
	}
	r.Close()
	if s, err = Open(t.Context(), server.URL, keep, Options{}); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, s); !bytes.Equal(got, payload) {
		t.Error("other bytes")
	}
}

func FuzzContentRange(f *testing.F) {
	for _, text := range []string{"bytes 100-199/200", "bytes 0-0/*", "bytes */200", "bytes -1-2/3", "items 1-2/3", "bytes 9-1/5", "bytes 1-2/99999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		start, total, ok := contentRange(text)
		if ok && (start < 0 || total >= 0 && total <= start) {
			t.Errorf("%q: from %d of %d", text, start, total)
		}
	})
}

// Whatever stands around them, an error never shows what is between // and @
// or behind ?.
func FuzzSpecKeepsSecrets(f *testing.F) {
	for _, spec := range []string{"http://u:s3cret@h/x", "http://h/x?s3cret", "ftp://s3cret@h", "http:s3cret@h/x://", "http://s3cret@[::1/", "http://h:s3cret@:99999/x", "https://h/x#sha256=s3cret"} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		spec = strings.ToValidUTF8(strings.ReplaceAll(spec, "%", ""), "")
		spec, _, _ = strings.Cut(spec, "s3cret")
		for _, secret := range []string{spec + "://ada:s3cret@127.0.0.1:1/x", "http://127.0.0.1:1/x?" + spec + "s3cret", "http://ada:s3cret@" + spec} {
			// The digest is refused before anything is asked for.
			_, err := Open(t.Context(), secret+"#sha256=no", "", Options{})
			if err == nil {
				t.Fatalf("%q was opened", secret)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%q: %v", secret, err)
			}
		}
	})
}

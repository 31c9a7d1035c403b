package web

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/pluvia-ml/pluvia"
)

// Policy is the Content-Security-Policy of the house's own pages: everything
// from this host, no script or style in the page, in nobody's frame.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Secure sets the security headers of every answer; a handler may replace
// them.
func Secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", Policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// SameOrigin refuses requests that change something and that a browser sends
// for the page of another origin. Clients that are no browsers are not
// concerned.
func (e *Errors) SameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := protection.Check(r); err != nil {
			e.write(w, r, http.StatusForbidden, pluvia.Invalid, "this request comes from the page of another site: open the console itself and try there")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Hosts refuses requests for a host name that is not this server's, so that no
// page of elsewhere can reach a server on a local address by a name that it
// makes point there (DNS rebinding). Addresses as numbers, localhost, and the
// names given are accepted.
func (e *Errors) Hosts(next http.Handler, names ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
		_, err := netip.ParseAddr(host)
		ok := err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost")
		for _, name := range names {
			ok = ok || strings.EqualFold(host, name)
		}
		if !ok {
			e.write(w, r, http.StatusMisdirectedRequest, pluvia.Invalid, fmt.Sprintf("%.100q is not a name of this server: use localhost or its address", host))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Limit refuses bodies over n bytes: at once when they say so, else when the
// handler has read that much.
func (e *Errors) Limit(next http.Handler, n int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > n {
			e.Write(w, r, &http.MaxBytesError{Limit: n})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, n)
		next.ServeHTTP(w, r)
	})
}

// Recover turns a panic into an error, logs it with its stack, and keeps the
// server alive.
func (e *Errors) Recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}
			if fault == http.ErrAbortHandler {
				panic(fault) // the server's own way to cut a connection
			}
			if e.Log != nil {
				e.Log.ErrorContext(r.Context(), "panic", "method", r.Method, "path", Path(r), "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
			}
			if rec.status != 0 {
				panic(http.ErrAbortHandler) // half an answer must not look like a whole one
			}
			e.Write(w, r, fmt.Errorf("panic: %v", fault))
		}()
		next.ServeHTTP(rec, r)
	})
}

// Log writes one line for each request when it is done: method, escaped path
// without the query, status, bytes, time taken.
func Log(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			status := rec.status
			if status == 0 {
				status = http.StatusOK
			}
			log.InfoContext(r.Context(), "request", "method", r.Method, "path", Path(r), "status", status,
				"bytes", rec.bytes, "took", time.Since(began).Round(10*time.Microsecond))
		}()
		next.ServeHTTP(rec, r)
	})
}

// Path is the path of a request as it may stand in a log: escaped, at most 200
// bytes, without the query.
func Path(r *http.Request) string {
	path := r.URL.EscapedPath()
	if len(path) > 200 {
		return path[:200] + "..."
	}
	return path
}

// recorder remembers what a handler has answered.
type recorder struct {
	http.ResponseWriter
	status int // 0 until something has been written
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets [http.ResponseController] reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

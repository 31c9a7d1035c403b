// Package web is what every HTTP surface of the house shares: handlers that
// return errors, the one place that writes them, the middleware around all
// routes, static files.
//
// It knows no page, no route and no noun but those of package pluvia. It never
// lets the text of an error without a code out of the process, and never logs
// a query string, a header or a body, which may hold secrets.
package web

import (
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
)

// Handler answers a request or returns an error before it has written
// anything; [Errors.Handle] makes an [http.Handler] of it.
type Handler func(w http.ResponseWriter, r *http.Request) error

// WriteHTML writes a page, compressed when the client takes that. Pages are
// never cached: they show what is so now. That a client has gone in the
// meantime is nobody's error.
func WriteHTML(w http.ResponseWriter, r *http.Request, status int, page []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Encoding")
	if len(page) < 1024 || !acceptsGzip(r) {
		h.Set("Content-Length", strconv.Itoa(len(page)))
		w.WriteHeader(status)
		w.Write(page)
		return
	}
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z := gzip.NewWriter(w)
	z.Write(page)
	z.Close()
}

func acceptsGzip(r *http.Request) bool {
	return quality(r.Header.Get("Accept-Encoding"), "gzip") > 0
}

// quality is the weight that a header such as Accept gives to a value that it
// names, 0 when it does not name it. Patterns such as */* are not looked at.
func quality(header, value string) float64 {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), value) {
			continue
		}
		for param := range strings.SplitSeq(params, ";") {
			if q, ok := strings.CutPrefix(strings.TrimSpace(param), "q="); ok {
				if weight, err := strconv.ParseFloat(q, 64); err == nil {
					return weight
				}
				return 0
			}
		}
		return 1
	}
	return 0
}

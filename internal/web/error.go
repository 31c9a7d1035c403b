package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"

	"github.com/pluvia-ml/pluvia"
)

// statuses is the one table from the codes of the house to those of HTTP.
var statuses = map[pluvia.Code]int{
	pluvia.Invalid:     http.StatusUnprocessableEntity,
	pluvia.NotFound:    http.StatusNotFound,
	pluvia.Exists:      http.StatusConflict,
	pluvia.Conflict:    http.StatusConflict,
	pluvia.TooLarge:    http.StatusRequestEntityTooLarge,
	pluvia.Unavailable: http.StatusServiceUnavailable,
	pluvia.Full:        http.StatusInsufficientStorage,
	pluvia.Internal:    http.StatusInternalServerError,
}

// Status is the HTTP status for an error.
func Status(err error) int {
	if status, ok := statuses[pluvia.ErrorCode(err)]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// Errors writes the errors of handlers. Its zero value writes them without a
// log, as a bare page for browsers.
type Errors struct {
	// Page writes an error for a browser: the status, and the sentence that a
	// user may see. Nil writes a bare page.
	Page func(w http.ResponseWriter, r *http.Request, status int, message string)
	// Log gets the causes of faults of the server (status 500 and above). Nil
	// discards them.
	Log *slog.Logger
}

// Handle makes an [http.Handler] of a handler that returns errors.
func (e *Errors) Handle(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			e.Write(w, r, err)
		}
	})
}

// Write writes an error: a page for a browser, JSON for everyone else,
//
//	{"code": "not_found", "message": "..."}
//
// It does nothing for a request whose client has gone.
func (e *Errors) Write(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		err = pluvia.Errorf(pluvia.TooLarge, "the body is over the limit of %d bytes: send less at a time", large.Limit)
	}
	status := Status(err)
	if status >= 500 && e.Log != nil {
		e.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", Path(r), "status", status, "error", err)
	}
	e.write(w, r, status, pluvia.ErrorCode(err), pluvia.ErrorMessage(err))
}

// write is the one place that writes an error.
func (e *Errors) write(w http.ResponseWriter, r *http.Request, status int, code pluvia.Code, message string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	for _, name := range []string{"Content-Length", "Content-Encoding", "ETag", "Last-Modified", "Content-Disposition"} {
		h.Del(name)
	}
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	switch {
	case !WantsHTML(r):
		h.Set("Content-Type", "application/json")
		w.WriteHeader(status)
		body, _ := json.Marshal(map[string]string{"code": string(code), "message": message}) // a map of strings always marshals
		w.Write(append(body, '\n'))
	case e.Page != nil:
		e.Page(w, r, status, message)
	default:
		h.Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<!doctype html><title>%d</title><p>%s\n", status, html.EscapeString(message))
	}
}

// WantsHTML says whether the client would rather read a page than JSON, as a
// browser does and a program does not.
func WantsHTML(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	page := quality(accept, "text/html")
	return page > 0 && page >= quality(accept, "application/json")
}

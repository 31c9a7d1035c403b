package mlflow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/pluvia-ml/pluvia"
)

// code is an error code on MLflow's wire.
type code string

// The codes that this server answers with.
const (
	badRequest     code = "BAD_REQUEST"
	invalid        code = "INVALID_PARAMETER_VALUE"
	exists         code = "RESOURCE_ALREADY_EXISTS"
	denied         code = "PERMISSION_DENIED"
	notFound       code = "RESOURCE_DOES_NOT_EXIST"
	exhausted      code = "RESOURCE_EXHAUSTED"
	internal       code = "INTERNAL_ERROR"
	notImplemented code = "NOT_IMPLEMENTED"
	unavailable    code = "TEMPORARILY_UNAVAILABLE"
)

// statuses is the one table of the codes' HTTP statuses. Clients repeat a call
// answered by 408, 429, 500, 502, 503 or 504 for minutes, so that what a user
// has done wrong must never be one of them; nor is a full disk, which a
// repetition does not mend.
var statuses = map[code]int{
	badRequest:     http.StatusBadRequest,
	invalid:        http.StatusBadRequest,
	exists:         http.StatusBadRequest, // so MLflow, not 409
	denied:         http.StatusForbidden,
	notFound:       http.StatusNotFound,
	exhausted:      http.StatusInsufficientStorage,
	internal:       http.StatusInternalServerError,
	notImplemented: http.StatusNotImplemented,
	unavailable:    http.StatusServiceUnavailable,
}

// codes is the one table from the codes of the house to MLflow's.
var codes = map[pluvia.Code]code{
	pluvia.Invalid:     invalid,
	pluvia.NotFound:    notFound,
	pluvia.Exists:      exists,
	pluvia.Conflict:    invalid, // "must be in the 'active' state", "Changing param values is not allowed"
	pluvia.TooLarge:    invalid,
	pluvia.Unavailable: unavailable,
	pluvia.Full:        exhausted,
	pluvia.Internal:    internal,
}

// fault is an error whose code on the wire is not the one of the table codes.
type fault struct {
	code    code
	message string
}

func (f *fault) Error() string { return f.message }

// faultf makes a fault; for most errors [pluvia.Errorf] will do.
func faultf(c code, format string, args ...any) error {
	return &fault{c, fmt.Sprintf(format, args...)}
}

// wire is what a client is told of an error.
func wire(err error) (c code, message string) {
	if f, ok := errors.AsType[*fault](err); ok {
		return f.code, f.message
	}
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return invalid, fmt.Sprintf("the body is over the limit of %d bytes: send less at a time", large.Limit)
	}
	c, ok := codes[pluvia.ErrorCode(err)]
	if !ok {
		c = internal
	}
	return c, pluvia.ErrorMessage(err)
}

// refuse is the one place that writes errors:
//
//	{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "..."}
//
// It does nothing for a request whose client has gone.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return
	}
	c, message := wire(err)
	status := statuses[c]
	if status >= 500 && c != notImplemented {
		s.log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("method", r.Method), slog.String("path", clip(r.URL.EscapedPath())),
			slog.Int("status", status), slog.Any("error", err))
	}
	b := append(make([]byte, 0, 256), '{')
	b = textField(b, "error_code", string(c))
	b = textField(b, "message", message)
	b = append(b, '}')
	h := w.Header()
	for _, name := range []string{"Content-Length", "Content-Disposition", "Content-Range", "ETag", "Last-Modified"} {
		h.Del(name)
	}
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	writeJSON(w, status, b)
}

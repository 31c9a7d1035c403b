package pluvia

import (
	"errors"
	"fmt"
	"strings"
)

// Code says what kind of error a user has met. Each dialect (HTTP, MLflow, the
// exit codes of the command line) translates codes in one table of its own.
type Code string

// The codes. An error without a code is [Internal].
const (
	Invalid     Code = "invalid"     // the request breaks a rule; the message says which
	NotFound    Code = "not_found"   // no such thing
	Exists      Code = "exists"      // a thing of that name is there already
	Conflict    Code = "conflict"    // the thing is not in the state that the request needs
	TooLarge    Code = "too_large"   // over a documented limit
	Unavailable Code = "unavailable" // cannot be reached or is not ready; may work later
	Full        Code = "full"        // no space left on a device
	Internal    Code = "internal"    // a fault of the program
)

// Error is an error that a user may see: a code, a sentence that says what is
// wrong and what to do next, and a cause that goes to the log only.
type Error struct {
	Code    Code
	Message string // for the user: place, value, rule, remedy
	Err     error  // for the log; nil when Message says all
}

func (e *Error) Error() string {
	if e.Err == nil || strings.Contains(e.Message, e.Err.Error()) {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an [Error]. A %w in the format sets the cause, whose text then
// stands in the message too; leave it out to keep a cause from the user.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// ErrorCode is the code of the first [Error] in err's chain, "" for nil and
// [Internal] when there is none.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// ErrorMessage is the sentence that a user may see for err: the message of the
// first [Error] in its chain, or a general one, because the text of any other
// error may hold what is nobody's business.
func ErrorMessage(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "internal error; the server's log has the cause"
}

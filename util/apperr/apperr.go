// Package apperr is the one error type that crosses wharf's layers.
//
// An Error says what kind of failure it is, what a caller may see, and what the
// log should know besides. An error that is no *Error means Internal.
package apperr

import (
	"errors"
	"fmt"
	"time"
)

// Kind classifies a failure. Which HTTP status a kind becomes is decided in api alone.
type Kind uint8

// The kinds. Internal is the zero value on purpose: what nobody classified is internal.
const (
	Internal        Kind = iota
	Invalid              // malformed or missing input
	Unauthorized         // no or bad credentials
	Forbidden            // known actor, not allowed
	NotFound             // no such thing, or not for this actor's eyes
	Conflict             // the thing is in another state, or exists already
	TooLarge             // body over the limit
	UnsupportedType      // body is not application/json
	TooMany              // slow down; see Error.RetryAfter
	Unavailable          // the Docker daemon can't be reached or broke its protocol
	Daemon               // the Docker daemon answered with a failure of its own
	NotReady             // wharf itself can't serve yet, or not any more
	NotAcceptable        // no format that the caller accepts
	Unprocessable        // well-formed, but at odds with an earlier request
	Away                 // the database can't be reached
)

// Error is a classified failure.
type Error struct {
	Kind Kind
	// Msg may be shown to the caller; it holds no secret, path or driver text.
	Msg string
	// Err is the cause, for the log; it may be nil.
	Err error
	// RetryAfter is how long a caller should wait; TooMany sets it, others may.
	RetryAfter time.Duration
}

// New makes an Error of a kind whose message may be shown.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Msg: fmt.Sprintf(format, args...)}
}

// Wrap makes an Error that remembers its cause for the log.
func Wrap(kind Kind, err error, format string, args ...any) *Error {
	return &Error{Kind: kind, Msg: fmt.Sprintf(format, args...), Err: err}
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Msg
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first *Error in err's chain, Internal if there is none.
func KindOf(err error) Kind {
	if e, ok := As(err); ok {
		return e.Kind
	}
	return Internal
}

// As finds the first *Error in err's chain.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

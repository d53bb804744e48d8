// Package apperr has the one error type that crosses wharf's layers.
//
// An Error has a kind, a message for the caller, and a cause for the log. An error that isn't an *Error is Internal.
package apperr

import (
	"errors"
	"fmt"
	"time"
)

// Kind classifies a failure. Only package api maps kinds to HTTP statuses.
type Kind uint8

// The kinds. Internal is the zero value, so that unclassified errors are internal.
const (
	Internal        Kind = iota
	Invalid              // malformed or missing input
	Unauthorized         // no or bad credentials
	Forbidden            // known actor, not allowed
	NotFound             // it doesn't exist, or this actor may not see it
	Conflict             // the object is in another state, or already exists
	TooLarge             // body over the limit
	UnsupportedType      // body is not application/json
	TooMany              // too many requests; see Error.RetryAfter
	Unavailable          // the Docker daemon can't be reached or broke its protocol
	Daemon               // the Docker daemon reported a failure
	NotReady             // wharf itself is starting or stopping
	NotAcceptable        // wharf has no format that the caller accepts
	Unprocessable        // well-formed, but contradicts an earlier request
	Away                 // the database can't be reached
)

// Error is a classified failure.
type Error struct {
	Kind Kind
	// Msg may be shown to the caller; it contains no secret, path or driver text.
	Msg string
	// Err is the cause, for the log; it may be nil.
	Err error
	// RetryAfter is how long a caller should wait; TooMany sets it, others may.
	RetryAfter time.Duration
}

// New returns an Error of a kind, with a formatted message that may be shown to the caller.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Msg: fmt.Sprintf(format, args...)}
}

// Wrap is like New, with a cause for the log, which isn't shown to the caller.
func Wrap(kind Kind, err error, format string, args ...any) *Error {
	return &Error{Kind: kind, Msg: fmt.Sprintf(format, args...), Err: err}
}

// Error returns the message and the cause, if any. It is for logs, not for callers.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Msg
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first *Error in err's chain, or Internal.
func KindOf(err error) Kind {
	if e, ok := As(err); ok {
		return e.Kind
	}
	return Internal
}

// As returns the first *Error in err's chain.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// Reason returns the reason, for the caller, why a part of an answer is missing. For nil it returns "".
func Reason(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := As(err); ok && e.Kind != Internal {
		return e.Msg
	}
	return "no answer in time"
}

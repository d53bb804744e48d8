// Package dto defines the shapes of wharf's HTTP API: the bodies, answers and query parameters of all routes. Server and client
// share them, and the OpenAPI document is generated from them: a field without omitempty is required, a comment is a
// description, and the tags enum, default, minimum, maximum, minLength, maxLength, pattern, format and example become the
// schema's keywords of the same names. Package api fills the shapes, package client reads them.
package dto

import (
	"errors"
	"fmt"
	"time"
)

// Failure is the envelope of every error.
type Failure struct {
	Success bool `json:"success" const:"false"`
	// Explanation of the error, in one sentence.
	Message string `json:"message"`
}

// Role is the set of actions that its holder may perform: none (only grants count), viewer (list, inspect, usage, events),
// operator (also start, stop and similar operations) or admin.
type Role string

// Roles lists all roles, the weakest first.
var Roles = []Role{"none", "viewer", "operator", "admin"}

// Time is a time in a body: RFC 3339, from 1970 to 9999 in UTC. A missing or null time is zero. A zero time that is written out
// is rejected, since zero means never in most fields.
type Time struct{ time.Time }

// TimeError explains what is wrong with a Time.
type TimeError struct{ problem string }

// Error returns the explanation.
func (e *TimeError) Error() string { return e.problem }

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	if err := t.Time.UnmarshalJSON(text); err != nil {
		return &TimeError{fmt.Sprintf("%.60s: expected a time such as 2026-01-28T21:59:11Z", text)}
	}
	if err := CheckTime(t.Time); err != nil {
		return &TimeError{fmt.Sprintf("%.60s: %s", text, err)}
	}
	t.Time = t.Time.UTC()
	return nil
}

// CheckTime returns an error for a time that JSON or a database can't represent in UTC.
func CheckTime(at time.Time) error {
	if year := at.UTC().Year(); year < 1970 || year > 9999 {
		return errors.New("expected a time from 1970 to 9999, in UTC")
	}
	return nil
}

// ShortID returns the first 12 characters of a container's id, as Docker and the contract's answers show it.
func ShortID(id string) string { return id[:min(len(id), 12)] }

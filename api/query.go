package api

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"wharf/util/apperr"
)

// query reads a request's query parameters and remembers what is wrong with them. A parameter
// that nobody reads is an error too: a misspelt filter must not show everything.
type query struct {
	values   url.Values
	known    []string
	problems []string
}

func queryOf(r *http.Request) *query {
	values, err := parseQuery(r)
	q := &query{values: values}
	if err != nil {
		q.bad(err.Error())
	}
	return q
}

// parseQuery returns the request's query parameters. Unlike http.Request's own Query it drops no pair in
// silence: a separator or an escape that is none would take a filter away. Errors: Invalid, with all pairs
// that could be read.
func parseQuery(r *http.Request) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return values, apperr.New(apperr.Invalid, "query: %s (write ; as %%3B and %% as %%25)", err)
	}
	return values, nil
}

func (q *query) bad(problem string) { q.problems = append(q.problems, problem) }

// list returns all values of a repeatable parameter.
func (q *query) list(name string) []string {
	q.known = append(q.known, name)
	return q.values[name]
}

// has tells whether a parameter was sent at all.
func (q *query) has(name string) bool { return len(q.list(name)) > 0 }

// text returns the one value of a parameter, "" where it is missing.
func (q *query) text(name string) string {
	values := q.list(name)
	if len(values) > 1 {
		q.bad(name + ": given more than once")
	}
	return strings.Join(values, "")
}

// choice returns one of the allowed values, the first of them by default.
func (q *query) choice(name string, allowed ...string) string {
	v := q.text(name)
	switch {
	case v == "":
		return allowed[0]
	case !slices.Contains(allowed, v):
		q.bad(name + ": expected one of " + strings.Join(allowed, ", "))
	}
	return v
}

// number returns a whole number between low and high.
func (q *query) number(name string, missing, low, high int) int {
	v := q.text(name)
	if v == "" {
		return missing
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		q.bad(name + ": expected a whole number from " + strconv.Itoa(low) + " to " + strconv.Itoa(high))
	}
	return n
}

// flag returns a boolean, false where it is missing.
func (q *query) flag(name string) bool {
	return q.choice(name, "false", "true") == "true"
}

// duration returns a positive duration such as 90s or 15m, missing where there is none.
func (q *query) duration(name string, missing time.Duration) time.Duration {
	v := q.text(name)
	if v == "" {
		return missing
	}
	d, err := time.ParseDuration(v)
	if err != nil || d <= 0 {
		q.bad(name + ": expected a positive duration such as 90s or 15m")
	}
	return d
}

// moment returns a time given as RFC 3339 or as how long ago it was (15m); zero where it is missing.
func (q *query) moment(name string) time.Time {
	v := q.text(name)
	if v == "" {
		return time.Time{}
	}
	if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
		if err := checkTime(at); err != nil {
			q.bad(name + ": " + err.Error())
		}
		return at
	}
	ago, err := time.ParseDuration(v)
	if err != nil || ago < 0 {
		q.bad(name + ": expected a time (RFC 3339) or how long ago (15m)")
	}
	return time.Now().Add(-ago)
}

// checkTime returns an error for a time that JSON or a database can't hold in UTC.
func checkTime(at time.Time) error {
	if year := at.UTC().Year(); year < 1970 || year > 9999 {
		return errors.New("expected a time from 1970 to 9999, in UTC")
	}
	return nil
}

// err says everything that is wrong, unknown parameters included. It is called last.
func (q *query) err() error {
	var unknown []string
	for name := range q.values {
		if !slices.Contains(q.known, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		q.bad(name + ": unknown parameter")
	}
	if q.problems == nil {
		return nil
	}
	return apperr.New(apperr.Invalid, "%s", strings.Join(q.problems, "; "))
}

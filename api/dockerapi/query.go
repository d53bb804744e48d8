package dockerapi

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"wharf/dockerx/containers"
	"wharf/util/apperr"
)

// query reads the parameters of a request as Docker does. err is the first error.
type query struct {
	r   *http.Request
	err error
}

func queryOf(r *http.Request) *query { return &query{r: r} }

func (q *query) text(name string) string { return q.r.URL.Query().Get(name) }

// on reads a flag as Docker does: every value that doesn't mean no means yes.
func (q *query) on(name string) bool { return truthy(q.text(name)) }

func truthy(v string) bool {
	return !slices.Contains([]string{"", "0", "no", "false", "none"}, strings.ToLower(strings.TrimSpace(v)))
}

func (q *query) fail(name, expected string) {
	if q.err == nil {
		q.err = apperr.New(apperr.Invalid, "invalid parameter %s: expected %s, got %.60q", name, expected, q.text(name))
	}
}

// number reads an integer; an absent one is 0.
func (q *query) number(name string, least, most int) int {
	text := q.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		q.fail(name, "an integer from "+strconv.Itoa(least)+" to "+strconv.Itoa(most))
		return 0
	}
	return n
}

// optional reads an integer, or returns nil if it is absent.
func (q *query) optional(name string) *int {
	if q.text(name) == "" {
		return nil
	}
	n := q.number(name, math.MinInt32, math.MaxInt32)
	return &n
}

// time reads Unix seconds with up to nine decimals, the form in which Docker's clients send all times. Absent and 0 give zero.
func (q *query) time(name string) time.Time {
	text := q.text(name)
	if text == "" || text == "0" {
		return time.Time{}
	}
	t, ok := parseTime(text)
	if !ok {
		q.fail(name, "seconds since 1970 such as 1700000000.5")
	}
	return t
}

func parseTime(text string) (time.Time, bool) {
	seconds, decimals, _ := strings.Cut(text, ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || s < 0 || s > math.MaxInt32*4 || len(decimals) > 9 || strings.HasPrefix(decimals, "+") || strings.HasPrefix(decimals, "-") {
		return time.Time{}, false
	}
	nano, err := strconv.ParseInt((decimals + "000000000")[:9], 10, 64)
	return time.Unix(s, nano).UTC(), err == nil
}

// ref returns the container that the path names.
func (c *Call) ref() (containers.Ref, error) { return containers.ParseRef(c.params["id"]) }

// maxBody is the maximum size of a request body, in bytes.
const maxBody = 64 << 10

// decode reads a request's JSON object. Unknown fields are ignored, as Docker does.
func decode(w http.ResponseWriter, r *http.Request, into any) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	if err := dec.Decode(into); err != nil {
		return apperr.Wrap(apperr.Invalid, err, "the body is not the JSON object that is expected: %.200s", err)
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // the body is read: its deadline must not limit the handler
	return nil
}

package metrics

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"wharf/api/stream"
	"wharf/util/histogram"
)

// Recorder counts requests and streams. The zero value is ready for use; it is safe for concurrent use.
type Recorder struct {
	mu       sync.Mutex
	requests map[request]*histogram.Histogram
	open     map[string]int // streams by kind
	ended    map[stream.End]uint64
}

// request is the key of the requests' histograms.
type request struct{ route, method, code string }

// requestBounds are the upper bounds of the buckets for requests' durations.
var requestBounds = []time.Duration{
	time.Millisecond, 5 * time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond, 2500 * time.Millisecond, 10 * time.Second,
}

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// other replaces label values that have no series of their own.
const other = "other"

// clientGone is the status that the log shows for a request whose client disconnected.
const clientGone = 499

// Request counts a request that was answered. pattern is its route's pattern, "" for none.
func (r *Recorder) Request(pattern, method string, status int, took time.Duration) {
	key := request{route: pattern, method: method, code: strconv.Itoa(status)}
	if pattern == "" {
		key.route = other
	}
	if !slices.Contains(methods, method) {
		key.method = other
	}
	if http.StatusText(status) == "" && status != clientGone { // forwarded from an engine
		key.code = other
	}
	r.mu.Lock()
	h := r.requests[key]
	if h == nil {
		if r.requests == nil {
			r.requests = make(map[request]*histogram.Histogram)
		}
		h = histogram.New(requestBounds)
		r.requests[key] = h
	}
	r.mu.Unlock()
	h.Observe(took)
}

// Stream counts a stream that begins, by its route's pattern. ended counts its end.
func (r *Recorder) Stream(pattern string) (ended func(stream.End)) {
	kind := kindOf(pattern)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open, r.ended = make(map[string]int), make(map[stream.End]uint64)
	}
	r.open[kind]++
	return func(end stream.End) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.open[kind]--
		r.ended[end]++
	}
}

// kindOf returns the last part of a pattern that isn't a parameter: "events", "stats", "logs".
func kindOf(pattern string) string {
	for _, part := range slices.Backward(strings.Split(pattern, "/")) {
		if part != "" && part != "*" && !strings.HasPrefix(part, "{") {
			return part
		}
	}
	return other
}

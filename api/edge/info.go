package edge

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"wharf/api/stream"
)

// Info is what is known of a request, for its log line and for those that answer it.
type Info struct {
	ID     string
	Client string // address of the caller, behind trusted proxies its real one
	User   string // name of the caller, once it is known
	Err    error  // what the log says of an answer
	Items  *int64 // how many a stream has sent; nil for other answers

	start  time.Time
	method string
	route  string       // of one that is detached
	routes *chi.Context // whose pattern is the route
	// gone reports whether the client hung up before it had its answer.
	gone bool
	// detached is set by an answer that outlives its handler, and logs its line itself.
	detached bool
}

type infoKey struct{}

// InfoOf returns the request's info; a request that didn't come through Wrap has an empty one.
func InfoOf(r *http.Request) *Info {
	if info, ok := r.Context().Value(infoKey{}).(*Info); ok {
		return info
	}
	return &Info{}
}

// Route is the pattern of the route that was found, "" for none.
func (i *Info) Route() string {
	if i.routes == nil {
		return i.route
	}
	return i.routes.RoutePattern()
}

// Found sets the pattern of a route that another table than the router's has.
func (i *Info) Found(pattern string) {
	i.routes.RoutePatterns = append(i.routes.RoutePatterns, pattern)
}

// Detach is for an answer that outlives its handler: the info is the caller's from now on, which ends it with Log. It drops
// what the info holds of its request. The route must have been found.
func (i *Info) Detach() {
	i.detached = true
	i.route, i.routes = i.Route(), nil
	i.method, i.ID = strings.Clone(i.method), strings.Clone(i.ID)
}

var saneRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Log writes the one line of a request. bytes are those of the answer.
func (e *Edge) Log(info *Info, status int, bytes int64) {
	level := zerolog.InfoLevel
	if info.gone {
		status = statusClientGone
	}
	if crash := (*stream.PanicError)(nil); status >= http.StatusInternalServerError || errors.As(info.Err, &crash) {
		level = zerolog.ErrorLevel
	}
	line := e.o.Logger.WithLevel(level).
		Str("request_id", info.ID).Str("method", info.method).Str("route", info.Route()).
		Int("status", status).Dur("duration_ms", time.Since(info.start)).Int64("bytes", bytes).
		Str("client", info.Client)
	if info.Items != nil {
		line = line.Int64("items", *info.Items)
	}
	if info.User != "" {
		line = line.Str("user", info.User)
	}
	if info.Err != nil {
		line = line.AnErr("error", info.Err)
	}
	line.Msg("request")
}

// count counts a request that was answered at once: neither a stream nor a WebSocket.
func (e *Edge) count(info *Info, status int) {
	switch {
	case status == http.StatusSwitchingProtocols:
		return
	case info.gone:
		status = statusClientGone
	}
	e.o.Count(info.Route(), info.method, status, time.Since(info.start))
}

// statusClientGone is the log's status of a request whose client hung up: no answer of ours, and no failure.
const statusClientGone = 499

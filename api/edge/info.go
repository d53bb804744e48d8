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

// Info describes a request, for its log line and for the code that answers it.
type Info struct {
	ID     string
	Client string // address of the caller, behind trusted proxies its real one
	User   string // name of the caller, once it is authenticated
	Err    error  // error for the log line
	Items  *int64 // number of items that a stream has sent; nil for other answers

	start  time.Time
	method string
	route  string       // set by Detach
	routes *chi.Context // has the route's pattern; nil after Detach
	// gone means that the client disconnected before it had its answer.
	gone bool
	// detached means that the answer outlives its handler and logs its own line.
	detached bool
}

type infoKey struct{}

// InfoOf returns the request's Info, or an empty one if the request didn't come through Wrap.
func InfoOf(r *http.Request) *Info {
	if info, ok := r.Context().Value(infoKey{}).(*Info); ok {
		return info
	}
	return &Info{}
}

// Route returns the pattern of the matched route, "" for none.
func (i *Info) Route() string {
	if i.routes == nil {
		return i.route
	}
	return i.routes.RoutePattern()
}

// Found sets the pattern of a route that isn't in the router's table.
func (i *Info) Found(pattern string) {
	i.routes.RoutePatterns = append(i.routes.RoutePatterns, pattern)
}

// Detach prepares the Info for an answer that outlives its handler. From now on the Info belongs to the caller, which ends it
// with Log. Detach drops what the Info holds of its request. The route must have been found.
func (i *Info) Detach() {
	i.detached = true
	i.route, i.routes = i.Route(), nil
	i.method, i.ID = strings.Clone(i.method), strings.Clone(i.ID)
}

var saneRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Log writes the log line of a request. bytes is the size of the answer.
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

// count reports a request to Options.Count, unless it became a WebSocket.
func (e *Edge) count(info *Info, status int) {
	switch {
	case status == http.StatusSwitchingProtocols:
		return
	case info.gone:
		status = statusClientGone
	}
	e.o.Count(info.Route(), info.method, status, time.Since(info.start))
}

// statusClientGone is the status in the log of a request whose client disconnected. It is never sent, and isn't a failure.
const statusClientGone = 499

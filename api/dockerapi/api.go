package dockerapi

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"wharf/api/stream"
	"wharf/service"
	"wharf/service/terminal"
	"wharf/util/apperr"
)

// Prefix begins the paths of this API; the host's name follows it.
const Prefix = "/docker/"

// Options configure an API. All are required.
type Options struct {
	Hosts     *service.Hosts
	Events    *service.Events
	Terminals *terminal.Terminals
	Streams   *stream.Kit

	// Authenticate identifies the caller of a route that needs a permission; it doesn't check the permission.
	Authenticate func(r *http.Request, need service.Permission) (service.Actor, error)
	// Stream returns the options of a stream for the actor.
	Stream func(actor service.Actor, formats ...stream.Format) stream.Options
	// Past waits for a turn to read the event log; done ends the turn.
	Past func(ctx context.Context) (done func(), err error)
	// Fail answers with an error, in Docker's shape.
	Fail func(w http.ResponseWriter, r *http.Request, err error)
	// Named adds a request's route and user to its log line.
	Named func(r *http.Request, pattern string, actor service.Actor)
	// Stall is how long a write waits for a client that reads nothing.
	Stall time.Duration
}

// API serves Docker's API for all hosts.
type API struct {
	Options
	table []Route
	execs execs
	calls rawCalls
}

// New returns an API.
func New(o Options) *API {
	a := &API{Options: o}
	a.table = a.routes()
	return a
}

// Call is a request that matches a row of the table.
type Call struct {
	Host    string // as in the path; the host may not exist
	Version string // "1.41"; "" if the path has none
	Path    string // without host and version: "/containers/json"
	Route   Route

	params map[string]string
	actor  service.Actor
	host   *service.Host // opened with the route's permission
	newest string        // the newest version that both the engine and wharf support
	api    string        // the version in use: Version, or newest if the path has none
}

var (
	errNoPage = apperr.New(apperr.NotFound, "page not found") // Docker's words
	errNoHost = apperr.New(apperr.NotFound, "expected /docker/HOST/ and a path of Docker's API")
)

// Close ends the calls that are being forwarded, and returns when they have ended, after a second at most.
func (a *API) Close() { a.calls.close() }

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := a.serve(w, r); err != nil {
		a.refuse(w, r, err)
	}
}

// refusedBytes is how much of a refused request's body is still read, within the time limit of all bodies.
const refusedBytes = 16 << 20

// refuse answers with an error and then discards the rest of the request's body, such as a build's context. Most clients read the
// answer only after they have sent everything; if the connection were closed earlier, they would lose it.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	control := http.NewResponseController(w)
	uploads := r.Body != nil && r.Body != http.NoBody && r.ProtoMajor == 1
	if uploads {
		_ = control.EnableFullDuplex()
	}
	a.Fail(w, r, err)
	if uploads && control.Flush() == nil {
		_, _ = io.CopyN(io.Discard, r.Body, refusedBytes)
	}
}

func (a *API) serve(w http.ResponseWriter, r *http.Request) error {
	c, err := a.match(r)
	if err != nil {
		if _, unknown := a.Authenticate(r, service.View); unknown != nil {
			return unknown // an unauthenticated caller must not learn the table
		}
		return err
	}
	actor, err := a.Authenticate(r, c.Route.Need)
	if err != nil {
		return err
	}
	c.actor = actor
	a.Named(r, c.Route.Pattern, actor)
	if actor.MayUseEngines() {
		return a.passOn(w, r, actor, c)
	}
	if err := a.admit(r, &c); err != nil {
		return err
	}
	return c.Route.typed(w, r, &c)
}

// admit admits a call to the typed tier: the tier has a handler for it, the actor has its permission and sees the host, and the
// engine and wharf support the version.
func (a *API) admit(r *http.Request, c *Call) error {
	in := service.Intent{Action: service.ActionRefused, Host: c.Host, Target: c.Route.Method + " " + Prefix + "{host}" + c.Route.Pattern}
	switch {
	case c.Route.typed == nil:
		return a.Hosts.DenyFor(r.Context(), c.actor, in, "%s %s is not in the typed tier of this API: it takes an admin's key of the scope docker", c.Route.Method, c.Route.Pattern)
	case !c.actor.Has(c.Route.Need):
		return a.Hosts.DenyFor(r.Context(), c.actor, in, "%s %s takes the permission %s", c.Route.Method, c.Route.Pattern, c.Route.Permission())
	}
	host, err := a.Hosts.Open(r.Context(), c.actor, c.Host, c.Route.Need)
	if err != nil {
		return err
	}
	c.host = host
	if err := c.negotiate(r.Context()); err != nil {
		return err
	}
	return c.checkQuery(r)
}

// checkQuery rejects parameters that the typed tier doesn't read: it wouldn't do what Docker does for them.
func (c *Call) checkQuery(r *http.Request) error {
	for name, values := range r.URL.Query() {
		if slices.ContainsFunc(values, truthy) && !slices.Contains(c.Route.query, name) {
			return apperr.New(apperr.Forbidden, "the parameter %.60q of %s %s is not in the typed tier of this API: it takes an admin's key of the scope docker",
				name, c.Route.Method, c.Route.Pattern)
		}
	}
	return nil
}

// match splits the path into host, version and the rest, and finds the row for the rest.
func (a *API) match(r *http.Request) (Call, error) {
	host, path, found := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
	if host == "" || !found {
		return Call{}, errNoHost
	}
	c := Call{Host: host, Path: "/" + path}
	if first, rest, more := strings.Cut(path, "/"); more && versionSegment.MatchString(first) {
		c.Version, c.Path = first[1:], "/"+rest
	}
	for segment := range strings.SplitSeq(c.Path[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return Call{}, errNoPage
		}
	}
	for _, route := range a.table {
		if params, ok := route.match(r.Method, c.Path); ok {
			c.Route, c.params = route, params
			return c, nil
		}
	}
	return Call{}, errNoPage
}

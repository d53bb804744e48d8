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

// Prefix is what the paths of this API begin with; the host's name follows.
const Prefix = "/docker/"

// Options is what an API is made of. All are required.
type Options struct {
	Hosts     *service.Hosts
	Events    *service.Events
	Terminals *terminal.Terminals
	Streams   *stream.Kit

	// Authenticate identifies the caller of a route that needs a permission; it doesn't check the permission.
	Authenticate func(r *http.Request, need service.Permission) (service.Actor, error)
	// Stream returns the options of a stream of the actor's.
	Stream func(actor service.Actor, formats ...stream.Format) stream.Options
	// Past waits for a turn to read the log of events; done ends it.
	Past func(ctx context.Context) (done func(), err error)
	// Fail answers with an error, in Docker's shape.
	Fail func(w http.ResponseWriter, r *http.Request, err error)
	// Named gives the log line of a request its route and its user.
	Named func(r *http.Request, pattern string, actor service.Actor)
	// Stall is how long a client may take to take the next part of an answer.
	Stall time.Duration
}

// API answers Docker's API for all hosts.
type API struct {
	Options
	table []Route
	execs execs
	calls rawCalls
}

// New makes an API.
func New(o Options) *API {
	a := &API{Options: o}
	a.table = a.routes()
	return a
}

// Call is a request that has a row in the table.
type Call struct {
	Host    string // as in the path: it may not exist
	Version string // "1.41"; "" where the path has none
	Path    string // without host and version: "/containers/json"
	Route   Route

	params map[string]string
	actor  service.Actor
	host   *service.Host // opened with the route's permission
	newest string        // the newest version that the engine and wharf speak
	api    string        // the version in use: Version, or newest where the path has none
}

var (
	errNoPage = apperr.New(apperr.NotFound, "page not found") // Docker's words
	errNoHost = apperr.New(apperr.NotFound, "expected /docker/HOST/ and a path of Docker's API")
)

// Close ends the calls that are being passed on, and returns when they have ended, after a second at most.
func (a *API) Close() { a.calls.close() }

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := a.serve(w, r); err != nil {
		a.refuse(w, r, err)
	}
}

// refusedBytes is what is still taken of a refused request's body, within the time that any body has.
const refusedBytes = 16 << 20

// refuse answers with an error, and takes what a client is sending meanwhile: a build's context. Most read the answer only
// then, and a connection that is closed before takes the answer away.
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
			return unknown // a caller that isn't known learns nothing of the table
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

// admit lets a call into the typed tier: it has a handler there, the actor has its permission, the host is the actor's to
// see, and both speak the version.
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

// checkQuery refuses parameters that the typed tier doesn't read: what Docker would do because of them isn't done.
func (c *Call) checkQuery(r *http.Request) error {
	for name, values := range r.URL.Query() {
		if slices.ContainsFunc(values, truthy) && !slices.Contains(c.Route.query, name) {
			return apperr.New(apperr.Forbidden, "the parameter %.60q of %s %s is not in the typed tier of this API: it takes an admin's key of the scope docker",
				name, c.Route.Method, c.Route.Pattern)
		}
	}
	return nil
}

// match splits the path into host, version and what the table has, and finds the row.
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

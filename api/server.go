// Package api is wharf's HTTP API.
//
// Job. It holds the route table, one file of handlers per resource, the code that all handlers share (reading requests,
// answering, errors) and the contract's envelopes. A handler opens what its actor may see through package service, and answers
// in the shapes of package dto. Where building an answer takes more than a few lines, a subpackage does it: events, logs, usage.
// The layers in front of the handlers, which know no resource, are subpackages too: edge, turns, idempotency, stream.
//
// Owner. A program has one Server, which has no goroutine of its own. EndStreams ends its streams.
//
// Limits. This package doesn't decide which actor may do what: a row of the table names a permission, and package service checks
// the rest. Requests that match no row aren't served.
package api

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"wharf/api/dockerapi"
	"wharf/api/dto"
	"wharf/api/edge"
	"wharf/api/idempotency"
	"wharf/api/metrics"
	"wharf/api/stream"
	"wharf/api/turns"
	"wharf/service"
	"wharf/service/bulk"
	"wharf/service/pulls"
	"wharf/service/terminal"
	"wharf/util/apperr"
)

// Options configure a Server. Every pointer is required.
type Options struct {
	Logger   zerolog.Logger
	Users    *service.Users
	Sessions *service.Sessions
	Hosts    *service.Hosts
	Events   *service.Events
	Audit    *service.Audit
	// Requests stores the requests that have an Idempotency-Key.
	Requests *service.IdempotentRequests
	// Terminals opens terminals in containers.
	Terminals *terminal.Terminals
	// Bulk runs operations on many containers.
	Bulk *bulk.Bulk
	// Pulls pulls images on hosts.
	Pulls *pulls.Pulls

	// Ready reports whether requests can be served now; a nil error means yes.
	Ready func(context.Context) error

	// Open admits callers without a token, as an anonymous actor with the role AnonRole. This actor sees secrets unless
	// MaskSecrets is set.
	Open        bool
	AnonRole    service.Role
	MaskSecrets bool
	// OpenNetwork extends Open from direct clients on this machine to all clients that reach the server.
	OpenNetwork bool
	// AllowedHosts are the Host headers accepted in open mode, in addition to loopback names.
	AllowedHosts []string
	// CORSOrigins are the other origins whose web pages may call.
	CORSOrigins []string
	// BodyTime is how long a caller may take to send a body. StallTime is how long a write waits for a client that reads
	// nothing. Default 10 s each.
	BodyTime, StallTime time.Duration
	// HeartbeatTime is the time between two heartbeats of a stream. Default 15 s.
	HeartbeatTime time.Duration
	// StreamsPerUser and MaxStreams bound the open streams of one user and of all users. Default 32 and 10,000.
	StreamsPerUser, MaxStreams int
	// TrustedProxies are the peers whose X-Forwarded-* headers are trusted.
	TrustedProxies []netip.Prefix

	// Version is the version of the build.
	Version string
	// Metrics selects the pages of metrics that are served. Default MetricsOn.
	Metrics MetricsMode
	// MetricsContainers bounds the number of containers on their page. Default 10,000.
	MetricsContainers int
}

// Server answers wharf's HTTP requests.
type Server struct {
	edge        *edge.Edge
	users       *service.Users
	sessions    *service.Sessions
	hosts       *service.Hosts
	events      *service.Events
	audit       *service.Audit
	terminals   *terminal.Terminals
	bulk        *bulk.Bulk
	pulls       *pulls.Pulls
	ready       func(context.Context) error
	open        bool
	openNetwork bool
	anonymous   service.Actor
	table       []route
	mux         *chi.Mux
	handler     http.Handler
	past        *turns.Turnstile
	answers     *idempotency.Store
	stall       time.Duration

	streams *stream.Kit
	docker  *dockerapi.API

	metrics     *metrics.Writer
	counted     metrics.Recorder
	metricsMode MetricsMode
	metricsMost int
}

// New builds the server from its route table.
func New(o Options) *Server {
	s := &Server{
		users: o.Users, sessions: o.Sessions, hosts: o.Hosts, events: o.Events, audit: o.Audit, terminals: o.Terminals, bulk: o.Bulk, pulls: o.Pulls, ready: o.Ready,
		open: o.Open, openNetwork: o.OpenNetwork, stall: cmp.Or(o.StallTime, 10*time.Second),
		past: turns.New(), answers: idempotency.New(o.Requests),
		anonymous: service.Actor{Anonymous: true, Role: o.AnonRole, Unmasked: !o.MaskSecrets},

		metricsMode: cmp.Or(o.Metrics, MetricsOn), metricsMost: cmp.Or(o.MetricsContainers, defaultMetricsContainers),
	}
	s.metrics = metrics.New(o.Version, &s.counted)
	s.streams = s.newStreams(o)
	s.mux, s.table = chi.NewRouter(), s.routes()
	for _, rt := range s.table {
		s.mux.Method(rt.method, rt.pattern, s.serve(rt))
		if rt.method == http.MethodGet {
			s.mux.Method(http.MethodHead, rt.pattern, s.serve(rt))
		}
	}
	s.mux.NotFound(s.notFound)
	s.mux.MethodNotAllowed(s.methodNotAllowed)
	s.docker = s.newDocker(o)
	s.edge = edge.New(edge.Options{
		Logger: o.Logger, Fail: respondUnrouted, Count: s.counted.Request, Open: o.Open, AllowedHosts: o.AllowedHosts,
		Origins: o.CORSOrigins, TrustedProxies: o.TrustedProxies, BodyTime: o.BodyTime, StallTime: s.stall,
	})
	s.handler = s.edge.Wrap(s.withDocker(s.docker, s.mux))
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// serve wraps every handler: it authenticates the caller, checks the route's permission, then calls the handler.
func (s *Server) serve(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(service.WithClient(r.Context(), clientOf(r)))
		actor, err := s.admit(r, &rt)
		if err == nil {
			err = rt.handle.serve(w, r, *actor)
		}
		if err != nil {
			respondError(w, r, err)
		}
	}
}

// admit returns the caller if it may call the route. It is separate from serve so that a long-lived handler, such as a stream
// over HTTP/2, doesn't have its frame on the stack: Go halves the stack if less than 3 KiB of it are in use.
func (s *Server) admit(r *http.Request, rt *route) (*service.Actor, error) {
	actor, err := s.authenticate(r, *rt)
	if err == nil {
		edge.InfoOf(r).User = actor.Username
		err = s.allowed(r, actor, *rt)
	}
	if err == nil && rt.handle.query == nil && strings.HasPrefix(rt.pattern, "/v1/") {
		err = refuseQuery(r) // the contract's endpoints ignore unknown parameters
	}
	return &actor, err
}

// allowed checks the route's permission. Errors: Unauthorized for an anonymous caller, Forbidden for any other.
func (s *Server) allowed(r *http.Request, actor service.Actor, rt route) error {
	switch {
	case actor.Has(rt.need):
		return nil
	case actor.Anonymous:
		return errNoToken
	default:
		return s.hosts.Deny(r.Context(), actor, service.Intent{
			Action: service.ActionRefused, Host: pathParam(r, "host"), Target: rt.method + " " + rt.pattern,
		})
	}
}

var errNoRoute = apperr.New(apperr.NotFound, "no such endpoint")

// capped bounds an endpoint that queries the past: the queries of one caller, and all that run at once.
func (s *Server) capped(next endpoint) endpoint {
	handle := next.serve
	next.serve = func(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
		caller := actor.UserID.String() // the nil UUID for all anonymous callers
		return s.past.Serve(w, r, caller, func(w http.ResponseWriter) error { return handle(w, r, actor) })
	}
	return next
}

// notFound answers requests whose path matches no route. If the path is a known endpoint without its path parameters, it answers
// 400 and names them.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	respondError(w, r, s.missingParams(r))
}

func (s *Server) missingParams(r *http.Request) error {
	path := strings.Trim(r.URL.Path, "/")
	for _, rt := range s.table {
		if rt.method != r.Method || strings.HasPrefix(rt.pattern, "/v1/") || strings.HasSuffix(rt.pattern, "*") {
			continue
		}
		parts := strings.Split(strings.Trim(rt.pattern, "/"), "/")
		given := strings.Split(path, "/")
		if len(given) >= len(parts) || given[0] != parts[0] {
			continue
		}
		missing := make([]param, 0, len(parts))
		for _, p := range parts[len(given):] {
			missing = append(missing, param{name: strings.Trim(p, "{}")})
		}
		return required(missing...)
	}
	return errNoRoute
}

// methodNotAllowed answers 405 and lists the path's methods in the header Allow.
func (s *Server) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	var methods []string
	for _, m := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		if s.mux.Match(chi.NewRouteContext(), m, r.URL.Path) {
			methods = append(methods, m)
		}
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	_ = respondBody(w, http.StatusMethodNotAllowed, stream.Encode(dto.Failure{Message: "method not allowed"}))
}

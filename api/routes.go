package api

import (
	"net/http"

	"wharf/service"
)

// handler answers one request of an actor. An error it returns becomes the answer.
type handler func(w http.ResponseWriter, r *http.Request, actor service.Actor) error

// route is one row of the table. What has no row isn't served.
type route struct {
	method, pattern string
	need            service.Permission
	handle          handler
	// tickets lets ?ticket= stand for a token: for browsers' EventSource, which sends no headers.
	tickets bool
}

// routes is the whole API on one screen. The first twelve are the contract's and never change.
func (s *Server) routes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{method: post, pattern: "/user", need: service.Optional, handle: s.createUser},
		{method: post, pattern: "/login", need: service.Public, handle: s.login},
		{method: post, pattern: "/logout", need: service.Public, handle: s.logout},
		{method: post, pattern: "/token/renew_access", need: service.Public, handle: s.renewAccess},
		{method: get, pattern: "/hosts", need: service.View, handle: s.listHosts},
		{method: get, pattern: "/ps2/{host}", need: service.View, handle: s.listContainers},
		{method: get, pattern: "/inspect2/{host}/{id}", need: service.View, handle: s.inspectContainer},
		{method: post, pattern: "/start2", need: service.Operate, handle: s.startContainer},
		{method: post, pattern: "/stop2", need: service.Operate, handle: s.stopContainer},
		{method: get, pattern: "/stat2/{host}/{id}", need: service.View, handle: s.containerUsage},
		{method: get, pattern: "/stat3/{host}", need: service.View, handle: s.hostUsage},
		{method: get, pattern: "/events", need: service.View, handle: s.streamEvents, tickets: true},

		{method: get, pattern: "/healthz", need: service.Public, handle: s.healthz},
		{method: get, pattern: "/readyz", need: service.Public, handle: s.readyz},

		{method: get, pattern: "/v1/containers", need: service.View, handle: s.listAllContainers},
		{method: get, pattern: "/v1/hosts/{host}/containers", need: service.View, handle: s.listAllContainers},
		{method: get, pattern: "/v1/hosts/{host}/containers/{id}", need: service.View, handle: s.inspectContainer},
		{method: get, pattern: "/v1/events", need: service.View, handle: s.queryEvents},
		{method: post, pattern: "/v1/events/ticket", need: service.Self, handle: s.issueTicket},
	}
}

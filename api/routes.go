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
	const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	return []route{
		{method: post, pattern: "/user", need: service.Optional, handle: s.createUser},
		{method: post, pattern: "/login", need: service.Public, handle: s.login},
		{method: post, pattern: "/logout", need: service.Public, handle: s.logout},
		{method: post, pattern: "/token/renew_access", need: service.Public, handle: s.renewAccess},
		{method: get, pattern: "/hosts", need: service.View, handle: s.listHosts},
		{method: get, pattern: "/ps2/{host}", need: service.View, handle: s.listContainers},
		{method: get, pattern: "/inspect2/{host}/{id}", need: service.View, handle: s.inspectContainer},
		{method: post, pattern: "/start2", need: service.Operate, handle: s.operateStrictly("start")},
		{method: post, pattern: "/stop2", need: service.Operate, handle: s.operateStrictly("stop")},
		{method: get, pattern: "/stat2/{host}/{id}", need: service.View, handle: s.containerUsage},
		{method: get, pattern: "/stat3/{host}", need: service.View, handle: s.hostUsage},
		{method: get, pattern: "/events", need: service.View, handle: s.streamEvents, tickets: true},

		{method: get, pattern: "/healthz", need: service.Public, handle: s.healthz},
		{method: get, pattern: "/readyz", need: service.Public, handle: s.readyz},

		{method: get, pattern: "/", need: service.Public, handle: s.servePage},
		{method: get, pattern: "/ui/*", need: service.Public, handle: s.servePage},
		{method: get, pattern: "/v1/session", need: service.Public, handle: s.describeStart},
		{method: post, pattern: "/v1/session", need: service.Public, handle: s.openPage},
		{method: post, pattern: "/v1/session/renew", need: service.Public, handle: s.renewPage},

		{method: get, pattern: "/v1/me", need: service.Self, handle: s.whoAmI},
		{method: get, pattern: "/v1/users", need: service.Administer, handle: s.listUsers},
		{method: post, pattern: "/v1/users", need: service.Administer, handle: s.addUser},
		{method: get, pattern: "/v1/users/{username}", need: service.Self, handle: s.getUser},
		{method: patch, pattern: "/v1/users/{username}", need: service.Administer, handle: s.updateUser},
		{method: del, pattern: "/v1/users/{username}", need: service.Administer, handle: s.deleteUser},
		{method: post, pattern: "/v1/users/{username}/password", need: service.Self, handle: s.changePassword},
		{method: get, pattern: "/v1/grants", need: service.Administer, handle: s.listGrants},
		{method: post, pattern: "/v1/grants", need: service.Administer, handle: s.addGrant},
		{method: del, pattern: "/v1/grants/{id}", need: service.Administer, handle: s.deleteGrant},
		{method: get, pattern: "/v1/sessions", need: service.Self, handle: s.listSessions},
		{method: del, pattern: "/v1/sessions", need: service.Self, handle: s.endOtherSessions},
		{method: del, pattern: "/v1/sessions/{id}", need: service.Self, handle: s.endSession},
		{method: get, pattern: "/v1/keys", need: service.Self, handle: s.listKeys},
		{method: post, pattern: "/v1/keys", need: service.Self, handle: s.addKey},
		{method: del, pattern: "/v1/keys/{id}", need: service.Self, handle: s.deleteKey},
		{method: get, pattern: "/v1/audit", need: service.Administer, handle: s.capped(s.listAudit)},

		{method: get, pattern: "/v1/hosts", need: service.View, handle: s.listHostStatus},
		{method: get, pattern: "/v1/hosts/{host}", need: service.View, handle: s.hostStatus},
		{method: get, pattern: "/v1/containers", need: service.View, handle: s.listAllContainers},
		{method: get, pattern: "/v1/hosts/{host}/containers", need: service.View, handle: s.listAllContainers},
		{method: get, pattern: "/v1/hosts/{host}/containers/{id}", need: service.View, handle: s.inspectContainer},
		{method: post, pattern: "/v1/hosts/{host}/containers/{id}/start", need: service.Operate, handle: s.operate("start")},
		{method: post, pattern: "/v1/hosts/{host}/containers/{id}/stop", need: service.Operate, handle: s.operate("stop")},
		{method: post, pattern: "/v1/hosts/{host}/containers/{id}/restart", need: service.Operate, handle: s.operate("restart")},
		{method: post, pattern: "/v1/hosts/{host}/containers/{id}/pause", need: service.Operate, handle: s.operate("pause")},
		{method: post, pattern: "/v1/hosts/{host}/containers/{id}/unpause", need: service.Operate, handle: s.operate("unpause")},
		{method: post, pattern: "/v1/hosts/{host}/containers/{id}/kill", need: service.Operate, handle: s.operate("kill")},

		{method: get, pattern: "/v1/hosts/{host}/containers/{id}/stats", need: service.View, handle: s.containerRawUsage},
		{method: get, pattern: "/v1/hosts/{host}/stats", need: service.View, handle: s.hostRawUsage},
		{method: get, pattern: "/v1/stats", need: service.View, handle: s.topUsage},
		{method: get, pattern: "/v1/events", need: service.View, handle: s.capped(s.queryEvents)},
		{method: post, pattern: "/v1/events/ticket", need: service.Self, handle: s.issueTicket},
	}
}

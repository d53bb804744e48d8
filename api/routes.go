package api

import (
	"net/http"
	"slices"

	"wharf/api/dto"
	"wharf/service"
)

const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete

// routes is the whole API. route.go says what a row is made of.
func (s *Server) routes() []route {
	return slices.Concat(s.contractRoutes(), s.accountRoutes(), s.hostRoutes(), s.operationRoutes(), s.usageRoutes(), s.eventRoutes())
}

// contractRoutes are the contract's, which never change, and the health checks.
func (s *Server) contractRoutes() []route {
	sampled := []string{"X-Sampled-At", "X-Sample-Age"}
	return []route{
		{
			method: post, pattern: "/user", need: service.Optional, name: "createUser", handle: bodied(s.createUser),
			summary: "Create a user.", answer: data(dto.CreatedUser{}), also: []int{409, 429},
		},
		{
			method: post, pattern: "/login", need: service.Public, name: "login", handle: bodied(s.login),
			summary: "Begin a session.", answer: bare(dto.Login{}).with("Set-Cookie"), also: []int{401, 429},
		},
		{
			method: post, pattern: "/logout", need: service.Public, name: "logout", handle: bodied(s.logout),
			summary: "End a session.", answer: data("logged out successfully").with("Set-Cookie"), also: []int{401},
		},
		{
			method: post, pattern: "/token/renew_access", need: service.Public, name: "renewAccess", handle: bodied(s.renewAccess),
			summary: "Get a new access token for a session.", answer: bare(dto.Renewal{}).with("Set-Cookie"), also: []int{401},
		},
		{
			method: get, pattern: "/hosts", need: service.View, name: "listHosts", handle: plain(s.listHosts),
			summary: "List the hosts.", answer: data([]dto.Host{}),
		},
		{
			method: get, pattern: "/ps2/{host}", need: service.View, name: "listContainers", handle: plain(s.listContainers),
			summary: "List a host's containers, running or not, in Docker's order.", answer: data([]dto.Container{}),
		},
		{
			method: get, pattern: "/inspect2/{host}/{id}", need: service.View, name: "inspect", handle: plain(s.inspectContainer),
			summary: "Show a container.", answer: data(dto.ContainerDetails{}), also: []int{409},
		},
		{
			method: post, pattern: "/start2", need: service.Operate, name: "start", handle: bodied(s.operateStrictly("start")),
			summary: "Start a container that doesn't run.", answer: bare(""), also: []int{404, 409},
		},
		{
			method: post, pattern: "/stop2", need: service.Operate, name: "stop", handle: bodied(s.operateStrictly("stop")),
			summary: "Stop a container that runs.", answer: bare(""), also: []int{404, 409},
		},
		{
			method: get, pattern: "/stat2/{host}/{id}", need: service.View, name: "usageText", handle: plain(s.containerUsage),
			summary: "Show what a container uses, as texts.", answer: data(dto.UsageText{}).with(sampled...), also: []int{409},
		},
		{
			method: get, pattern: "/stat3/{host}", need: service.View, name: "hostUsageText", handle: plain(s.hostUsage),
			summary: "Show what all containers of a host use, as texts, by the first 12 characters of their ids.",
			answer:  data(map[string]dto.UsageText{}).with(sampled...).with("X-Partial"),
		},
		{
			method: get, pattern: "/events", need: service.View, name: "streamEvents", handle: queried(s.streamEvents), tickets: true,
			summary: "Follow the events of all hosts.", answer: streamed(eventFrames...), also: []int{406},
		},

		{
			method: get, pattern: "/healthz", need: service.Public, name: "healthz", handle: plain(s.healthz),
			summary: "Say that the process answers.", answer: data("ok"),
		},
		{
			method: get, pattern: "/readyz", need: service.Public, name: "readyz", handle: plain(s.readyz),
			summary: "Say whether requests can be served.", answer: data("ready"), also: []int{503},
		},
	}
}

// accountRoutes are about users, what they may do, and their credentials.
func (s *Server) accountRoutes() []route {
	return []route{
		{
			method: get, pattern: "/v1/me", need: service.Self, name: "whoAmI", handle: plain(s.whoAmI),
			summary: "Show what the caller may do.", answer: data(dto.Me{}),
		},
		{
			method: get, pattern: "/v1/users", need: service.Administer, name: "listUsers", handle: queried(s.listUsers),
			summary: "List users.", answer: data(dto.UserPage{}),
		},
		{
			method: post, pattern: "/v1/users", need: service.Administer, name: "addUser", handle: bodied(s.addUser),
			summary: "Create a user and show the whole of it.", answer: data(dto.User{}), also: []int{409},
		},
		{
			method: get, pattern: "/v1/users/{username}", need: service.Self, name: "getUser", handle: plain(s.getUser),
			summary: "Show a user; oneself unless one is an admin.", answer: data(dto.User{}),
		},
		{
			method: patch, pattern: "/v1/users/{username}", need: service.Administer, name: "updateUser", handle: bodied(s.updateUser),
			summary: "Change a user's role, name or address, or disable the account.", answer: data(dto.User{}), also: []int{409},
		},
		{
			method: del, pattern: "/v1/users/{username}", need: service.Administer, name: "deleteUser", handle: plain(s.deleteUser),
			summary: "Delete a user. Its sessions and streams end.", answer: data("deleted"), also: []int{409},
		},
		{
			method: post, pattern: "/v1/users/{username}/password", need: service.Self, name: "changePassword", handle: bodied(s.changePassword),
			summary: "Change a password. The user's other sessions end.", answer: data("password changed"), also: []int{429},
		},
		{
			method: get, pattern: "/v1/grants", need: service.Administer, name: "listGrants", handle: queried(s.listGrants),
			summary: "List grants.", answer: data(dto.GrantPage{}),
		},
		{
			method: post, pattern: "/v1/grants", need: service.Administer, name: "addGrant", handle: bodied(s.addGrant),
			summary: "Grant a role on hosts and containers.", answer: data(dto.Grant{}), also: []int{404},
		},
		{
			method: del, pattern: "/v1/grants/{id}", need: service.Administer, name: "deleteGrant", handle: plain(s.deleteGrant),
			summary: "Take a grant back.", answer: data("deleted"),
		},
		{
			method: get, pattern: "/v1/sessions", need: service.Self, name: "listSessions", handle: queried(s.listSessions),
			summary: "List one's sessions, or as an admin those of all users.", answer: data(dto.SessionPage{}),
		},
		{
			method: del, pattern: "/v1/sessions", need: service.Self, name: "endOtherSessions", handle: plain(s.endOtherSessions),
			summary: "End all of one's sessions but the one that asks.", answer: data(dto.SessionsEnded{}),
		},
		{
			method: del, pattern: "/v1/sessions/{id}", need: service.Self, name: "endSession", handle: plain(s.endSession),
			summary: "End a session.", answer: data("ended"),
		},
		{
			method: get, pattern: "/v1/keys", need: service.Self, name: "listKeys", handle: queried(s.listKeys),
			summary: "List one's API keys.", answer: data(dto.APIKeyPage{}),
		},
		{
			method: post, pattern: "/v1/keys", need: service.Self, name: "addKey", handle: bodied(s.addKey),
			summary: "Create an API key. Its secret is shown this once.", answer: data(dto.APIKey{}),
		},
		{
			method: del, pattern: "/v1/keys/{id}", need: service.Self, name: "deleteKey", handle: plain(s.deleteKey),
			summary: "Delete an API key.", answer: data("deleted"),
		},
		{
			method: get, pattern: "/v1/audit", need: service.Administer, name: "listAudit", handle: s.capped(queried(s.listAudit)),
			summary: "List what callers had wharf do, and what was refused.", answer: data(dto.AuditPage{}), also: []int{429},
		},
	}
}

// hostRoutes show hosts and their containers.
func (s *Server) hostRoutes() []route {
	return []route{
		{
			method: get, pattern: "/v1/hosts", need: service.View, name: "listHostStatus", handle: plain(s.listHostStatus),
			summary: "Show how each host is, without asking it.", answer: data([]dto.HostStatus{}),
		},
		{
			method: get, pattern: "/v1/hosts/{host}", need: service.View, name: "hostStatus", handle: plain(s.hostStatus),
			summary: "Show how a host is, without asking it.", answer: data(dto.HostStatus{}),
		},
		{
			method: get, pattern: "/v1/containers", need: service.View, name: "listAllContainers", handle: queried(s.listAllContainers),
			summary: "List the containers of all hosts.", answer: data(dto.ContainerPage{}),
		},
		{
			method: get, pattern: "/v1/hosts/{host}/containers", need: service.View, name: "listHostContainers", handle: queried(s.listHostContainers),
			summary: "List a host's containers.", answer: data(dto.ContainerPage{}),
		},
		{
			method: get, pattern: "/v1/hosts/{host}/containers/{id}", need: service.View, name: "getContainer", handle: plain(s.inspectContainer),
			summary: "Show a container.", answer: data(dto.ContainerDetails{}), also: []int{409},
		},
	}
}

// operationRoutes are the operations on a container.
func (s *Server) operationRoutes() []route {
	var rows []route
	for _, name := range []string{"start", "stop", "restart", "pause", "unpause", "kill"} {
		rows = append(rows, route{
			method: post, pattern: "/v1/hosts/{host}/containers/{id}/" + name, need: service.Operate,
			name: name + "Container", handle: queried(s.operate(name)),
			summary: "Have a container " + name + ". That it was so already is no error.",
			answer:  data(dto.OperationResult{}).with("Idempotent-Replayed"), also: []int{409, 413, 422, 429},
		})
	}
	return rows
}

// usageRoutes show what containers use.
func (s *Server) usageRoutes() []route {
	return []route{
		{
			method: get, pattern: "/v1/hosts/{host}/containers/{id}/stats", need: service.View, name: "containerUsage", handle: queried(s.containerRawUsage),
			summary: "Show what a container uses, or as a stream each new sample.", also: []int{409},
			answer: data(dto.Usage{}).with("X-Sampled-At", "X-Sample-Age").orStream(containerUsageFrames...),
		},
		{
			method: get, pattern: "/v1/hosts/{host}/stats", need: service.View, name: "hostUsage", handle: queried(s.hostRawUsage),
			summary: "Show what all containers of a host use, or as a stream each new sample.",
			answer:  data(dto.HostUsage{}).with("X-Sampled-At", "X-Sample-Age", "X-Partial").orStream(hostUsageFrames...),
		},
		{
			method: get, pattern: "/v1/stats", need: service.View, name: "topUsage", handle: queried(s.topUsage),
			summary: "Show the containers of all hosts, those that use most first.", answer: data(dto.TopUsage{}).with("X-Partial"),
		},
	}
}

// eventRoutes are about what happened.
func (s *Server) eventRoutes() []route {
	return []route{
		{
			method: get, pattern: "/v1/events", need: service.View, name: "queryEvents", handle: s.capped(queried(s.queryEvents)),
			summary: "List what happened, also to containers that are gone.", answer: data(dto.EventPage{}), also: []int{429},
		},
		{
			method: post, pattern: "/v1/events/ticket", need: service.Self, name: "issueTicket", handle: plain(s.issueTicket),
			summary: "Get a string that stands for the session in the address of an event stream.", answer: data(dto.Ticket{}),
		},
	}
}

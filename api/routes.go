package api

import (
	"slices"
	"strings"

	"wharf/api/dto"
	"wharf/service"
)

// routes returns the whole route table. Type route describes a row.
func (s *Server) routes() []route {
	return slices.Concat(
		grouped("The contract", s.contractRoutes()),
		grouped("Health", s.healthRoutes()),
		grouped("Metrics", s.metricsRoutes()),
		grouped("Users, sessions, keys and grants", s.accountRoutes()),
		grouped("Hosts and containers", s.hostRoutes()),
		grouped("Operations", s.operationRoutes()),
		grouped("Operations on many containers", s.bulkRoutes()),
		grouped("Images, volumes and networks", s.stockRoutes()),
		grouped("Terminals", s.terminalRoutes()),
		grouped("Usage", s.usageRoutes()),
		grouped("Events", s.eventRoutes()),
		grouped("Logs", s.logRoutes()),
		grouped("Documentation", s.documentRoutes()),
		grouped("The page's session", s.pageRoutes()),
	)
}

// grouped puts rows under one heading of the document.
func grouped(heading string, rows []route) []route {
	for i := range rows {
		rows[i].group = heading
	}
	return rows
}

// contractRoutes returns the contract's routes, which never change.
func (s *Server) contractRoutes() []route {
	sampled := []string{"X-Sampled-At", "X-Sample-Age"}
	return []route{
		post("/user", service.Optional, "createUser", bodied(s.createUser),
			"Create a user.", data(dto.CreatedUser{})).may(409, 429).reads("X-Setup-Token"),
		post("/login", service.Public, "login", bodied(s.login),
			"Log in and start a session.", bare(dto.Login{}).with("Set-Cookie")).may(401, 429),
		post("/logout", service.Public, "logout", bodied(s.logout),
			"End a session.", data("logged out successfully").with("Set-Cookie")).may(401),
		post("/token/renew_access", service.Public, "renewAccess", bodied(s.renewAccess),
			"Get a new access token for a session.", bare(dto.Renewal{}).with("Set-Cookie")).may(401),
		get("/hosts", service.View, "listHosts", plain(s.listHosts),
			"List the hosts.", data([]dto.Host{})),
		get("/ps2/{host}", service.View, "listContainers", plain(s.listContainers),
			"List all containers of a host, running or not, in Docker's order.", data([]dto.Container{})),
		get("/inspect2/{host}/{id}", service.View, "inspect", plain(s.inspectContainer),
			"Show a container.", data(dto.ContainerDetails{})).may(409),
		post("/start2", service.PermissionOf("start"), "start", bodied(s.operateStrictly("start")),
			"Start a container that isn't running.", bare("")).may(404, 409),
		post("/stop2", service.PermissionOf("stop"), "stop", bodied(s.operateStrictly("stop")),
			"Stop a running container.", bare("")).may(404, 409),
		get("/stat2/{host}/{id}", service.View, "usageText", plain(s.containerUsage),
			"Show a container's resource usage as formatted text.", data(dto.UsageText{}).with(sampled...)).may(409),
		get("/stat3/{host}", service.View, "hostUsageText", plain(s.hostUsage),
			"Show the resource usage of all containers of a host as formatted text, keyed by the first 12 characters of their ids.",
			data(map[string]dto.UsageText{}).with(sampled...).with("X-Partial")),
		get("/events", service.View, "streamEvents", queried(s.streamEvents),
			"Stream the events of all hosts.", streamed(eventFrames...)).may(406).reads("Last-Event-ID").withTickets(),
	}
}

// healthRoutes are for load balancers.
func (s *Server) healthRoutes() []route {
	return []route{
		get("/healthz", service.Public, "healthz", plain(s.healthz),
			"Report whether the process is alive.", data("ok")),
		get("/readyz", service.Public, "readyz", plain(s.readyz),
			"Report whether the server is ready for requests.", data("ready")).may(500, 503),
	}
}

// metricsRoutes are for Prometheus.
func (s *Server) metricsRoutes() []route {
	return []route{
		get("/metrics", service.View, "getMetrics", s.capped(plain(s.getMetrics)),
			"Get metrics of the server and of the hosts that the caller may see, in the Prometheus text format.", file("text/plain").with("Content-Encoding", "Vary")).may(404, 429),
		get("/metrics/containers", service.View, "getContainerMetrics", s.capped(plain(s.getContainerMetrics)),
			"Get the resource usage of containers in the Prometheus text format, under cAdvisor's metric names.", file("text/plain").with("Content-Encoding", "Vary")).may(404, 429),
	}
}

// accountRoutes manage users, their permissions and their credentials.
func (s *Server) accountRoutes() []route {
	return []route{
		get("/v1/me", service.Self, "whoAmI", plain(s.whoAmI),
			"Show the caller's user, role and grants.", data(dto.Me{})),
		get("/v1/users", service.Administer, "listUsers", queried(s.listUsers),
			"List users.", data(dto.UserPage{})),
		post("/v1/users", service.Administer, "addUser", bodied(s.addUser),
			"Create a user and return all its fields.", data(dto.User{})).may(409),
		get("/v1/users/{username}", service.Self, "getUser", plain(s.getUser),
			"Show a user. Callers other than admins can only get their own user.", data(dto.User{})),
		patch("/v1/users/{username}", service.Administer, "updateUser", bodied(s.updateUser),
			"Change a user's role, full name or email address, or disable the account.", data(dto.User{})).may(409),
		del("/v1/users/{username}", service.Administer, "deleteUser", plain(s.deleteUser),
			"Delete a user, and end the user's sessions and streams.", data("deleted")).may(409),
		post("/v1/users/{username}/password", service.Self, "changePassword", bodied(s.changePassword),
			"Change a password, and end the user's other sessions.", data("password changed")).may(429),
		get("/v1/grants", service.Administer, "listGrants", queried(s.listGrants),
			"List grants.", data(dto.GrantPage{})),
		post("/v1/grants", service.Administer, "addGrant", bodied(s.addGrant),
			"Grant a role on hosts and containers.", data(dto.Grant{})).may(404),
		del("/v1/grants/{id}", service.Administer, "deleteGrant", plain(s.deleteGrant),
			"Delete a grant.", data("deleted")),
		get("/v1/sessions", service.Self, "listSessions", queried(s.listSessions),
			"List the caller's sessions; for admins, those of all users.", data(dto.SessionPage{})),
		del("/v1/sessions", service.Self, "endOtherSessions", plain(s.endOtherSessions),
			"End all of the caller's sessions except the current one.", data(dto.SessionsEnded{})),
		del("/v1/sessions/{id}", service.Self, "endSession", plain(s.endSession),
			"End a session.", data("ended")),
		get("/v1/keys", service.Self, "listKeys", queried(s.listKeys),
			"List the caller's API keys.", data(dto.APIKeyPage{})),
		post("/v1/keys", service.Self, "addKey", bodied(s.addKey),
			"Create an API key. Only this response contains the key's secret.", data(dto.APIKey{})),
		del("/v1/keys/{id}", service.Self, "deleteKey", plain(s.deleteKey),
			"Delete one of the caller's API keys. A request that uses an API key can only delete that key.", data("deleted")),
		get("/v1/audit", service.Administer, "listAudit", s.capped(queried(s.listAudit)),
			"List the audit: the actions of all callers, including refused ones.", data(dto.AuditPage{})).may(429),
	}
}

// hostRoutes show hosts and their containers.
func (s *Server) hostRoutes() []route {
	return []route{
		get("/v1/hosts", service.View, "listHostStatus", queried(s.listHostStatus),
			"Show the last known status of each host.", data([]dto.HostStatus{})),
		get("/v1/hosts/{host}", service.View, "hostStatus", plain(s.hostStatus),
			"Show the last known status of a host.", data(dto.HostStatus{})),
		get("/v1/containers", service.View, "listAllContainers", queried(s.listAllContainers),
			"List the containers of all hosts.", data(dto.ContainerPage{})).may(404),
		get("/v1/hosts/{host}/containers", service.View, "listHostContainers", queried(s.listHostContainers),
			"List a host's containers.", data(dto.ContainerPage{})),
		get("/v1/hosts/{host}/containers/{id}", service.View, "getContainer", plain(s.inspectContainer),
			"Show a container.", data(dto.ContainerDetails{})).may(409),
		get("/v1/hosts/{host}/containers/{id}/top", service.View, "listProcesses", plain(s.listProcesses),
			"List the processes of a running container.", data(dto.Processes{})).may(409),
	}
}

// operationRoutes are the operations on a container, one for each row of the table in dockerx/operations.
func (s *Server) operationRoutes() []route {
	var rows []route
	for _, op := range service.Operations() {
		method, pattern := post, "/v1/hosts/{host}/containers/{id}/"+op.Name
		if !op.Lasts {
			method, pattern = del, "/v1/hosts/{host}/containers/{id}"
		}
		doing := strings.ToUpper(op.Doing[:1]) + op.Doing[1:]
		rows = append(rows, method(pattern, op.Permission, op.Name+"Container", s.operationEndpoint(op),
			doing+".", data(dto.OperationResult{}).with("Idempotent-Replayed")).
			may(409, 413, 422, 429).reads("Idempotency-Key"))
	}
	return rows
}

// bulkRoutes are the operations on many containers, and the Compose projects by which containers can be selected.
func (s *Server) bulkRoutes() []route {
	return []route{
		post("/v1/operations", service.Operate, "startOperation", bodied(s.startBulk),
			"Start an operation on many containers, and return without waiting for its end.", data(dto.BulkResult{}).with("Idempotent-Replayed").accepted()).
			may(404, 409, 422, 429).reads("Idempotency-Key"),
		get("/v1/operations", service.View, "listOperations", queried(s.listBulk),
			"List the caller's operations on many containers, the latest first; for admins, those of all users.", data(dto.BulkPage{})),
		get("/v1/operations/{id}", service.View, "getOperation", plain(s.getBulk),
			"Show an operation on many containers, or stream the result of each container as it ends.", data(dto.BulkResult{}).orStream(bulkFrames...)).
			reads("Last-Event-ID"),
		post("/v1/operations/{id}/cancel", service.Operate, "cancelOperation", plain(s.cancelBulk),
			"Cancel an operation on many containers. Containers whose operation has begun are finished.", data(dto.BulkResult{})),
		get("/v1/projects", service.View, "listProjects", queried(s.listProjects),
			"List the Compose projects of all hosts.", data(dto.Projects{})).may(404),
	}
}

// terminalRoutes open terminals in containers.
func (s *Server) terminalRoutes() []route {
	return []route{
		post("/v1/hosts/{host}/containers/{id}/exec", service.Exec, "execInContainer", queriedBodied(s.exec),
			"Run a command in a container: get a ticket for its terminal, or wait for the command's end and get its output.", data(dto.ExecResult{})).may(409, 429),
		get("/v1/hosts/{host}/containers/{id}/exec/attach", service.Public, "openExec", queried(s.openTerminal(false)),
			"Open the terminal of a command, with the ticket from the exec request.", upgraded()).may(400, 401, 409, 429, 500, 503),
		post("/v1/hosts/{host}/containers/{id}/attach", service.Exec, "attachContainer", plain(s.attachContainer),
			"Get a ticket for the terminal of a container's main process.", data(dto.TerminalTicket{})).may(409),
		get("/v1/hosts/{host}/containers/{id}/attach", service.Public, "openAttach", queried(s.openTerminal(true)),
			"Open the terminal of a container's main process, with the ticket from the attach request.", upgraded()).may(400, 401, 409, 429, 500, 503),
		get("/v1/terminals", service.Self, "listTerminals", plain(s.listTerminals),
			"List the caller's open terminals; for admins, those of all users.", data([]dto.Terminal{})),
		del("/v1/terminals/{id}", service.Self, "endTerminal", plain(s.endTerminal),
			"End a terminal. Callers other than admins can only end their own.", data("ended")),
		get("/v1/terminals/{id}/cast", service.Administer, "terminalCast", plain(s.terminalCast),
			"Get the recording of a terminal, in asciicast v2 format.", file("application/x-asciicast").with("Content-Disposition")),
	}
}

// usageRoutes show the resource usage of containers.
func (s *Server) usageRoutes() []route {
	return []route{
		get("/v1/hosts/{host}/containers/{id}/stats", service.View, "containerUsage", queried(s.containerRawUsage),
			"Show a container's resource usage, or stream each new sample.", data(dto.Usage{}).with("X-Sampled-At", "X-Sample-Age").orStream(containerUsageFrames...)).may(409),
		get("/v1/hosts/{host}/stats", service.View, "hostUsage", queried(s.hostRawUsage),
			"Show the resource usage of all containers of a host, or stream each new sample.", data(dto.HostUsage{}).with("X-Sampled-At", "X-Sample-Age", "X-Partial").orStream(hostUsageFrames...)),
		get("/v1/stats", service.View, "topUsage", queried(s.topUsage),
			"List the containers of all hosts by resource usage, the highest first.", data(dto.TopUsage{}).with("X-Partial")).may(404),
	}
}

// eventRoutes query the event log and issue tickets for event streams.
func (s *Server) eventRoutes() []route {
	return []route{
		get("/v1/events", service.View, "queryEvents", s.capped(queried(s.queryEvents)),
			"List past events, including those of removed containers.", data(dto.EventPage{})).may(429),
		post("/v1/events/ticket", service.Self, "issueTicket", plain(s.issueTicket),
			"Get a ticket that replaces the access token in the URL of an event or log stream.", data(dto.Ticket{})),
	}
}

// documentRoutes serve the API's documentation.
func (s *Server) documentRoutes() []route {
	return []route{
		get("/v1/openapi.json", service.Public, "getDocument", plain(s.getDocument),
			"Get the OpenAPI document.", file("application/json").with("ETag")).may(304).reads("If-None-Match"),
		get("/docs", service.Public, "getDocs", plain(s.getDocs),
			"Get the documentation as an HTML page.", file("text/html").with("ETag")).may(304).reads("If-None-Match"),
	}
}

// pageRoutes serve the web page and its login.
func (s *Server) pageRoutes() []route {
	return []route{
		get("/", service.Public, "page", plain(s.servePage), "Get the web page.", file("text/html")).ofThePage(),
		get("/ui/*", service.Public, "pagePart", plain(s.servePage), "Get the web page at its other paths, or one of its files.", file("text/html")).ofThePage(),
		get("/v1/session", service.Public, "describeStart", plain(s.describeStart),
			"Get the information that the web page needs before login.", data(dto.PageStart{})).may(500, 503),
		post("/v1/session", service.Public, "openPage", bodied(s.openPage),
			"Log in from the web page. The session survives a reload of the page.", data(dto.PageSession{}).with("Set-Cookie")).may(401, 429),
		post("/v1/session/renew", service.Public, "renewPage", plain(s.renewPage),
			"Get a new access token for the web page's session, from its cookie and X-Wharf-Stored. Only for requests from the same origin.",
			data(dto.PageSession{}).with("Set-Cookie")).may(401, 500, 503).reads("X-Wharf-Stored"),
	}
}

// logRoutes show the containers' logs.
func (s *Server) logRoutes() []route {
	lines := []string{"application/x-ndjson", "text/plain"}
	return []route{
		get("/v1/hosts/{host}/containers/{id}/logs", s.hosts.LogsPermission(), "containerLogs", queried(s.containerLogs),
			"Show or search a container's log, or follow it as a stream.", data(dto.LogPage{}).orStream(logFrames...).in(lines...)).
			may(406, 409).reads("Last-Event-ID").withTickets(),
		get("/v1/logs", s.hosts.LogsPermission(), "logs", queried(s.allLogs),
			"Show or search the logs of containers of all hosts, merged by time, or follow them as a stream.", data(dto.LogPage{}).orStream(logFrames...).in(lines...)).
			may(404, 406).reads("Last-Event-ID").withTickets(),
	}
}

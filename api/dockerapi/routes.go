package dockerapi

import (
	"net/http"
	"slices"

	"wharf/service"
)

// routes returns all operations in Docker's API document. A row without a handler is only in the raw tier.
func (a *API) routes() []Route {
	return slices.Concat(a.engineRoutes(), a.containerRoutes(), a.execRoutes(), a.imageRoutes(), networkRoutes(), pluginRoutes(), swarmRoutes(), buildRoutes())
}

// Routes returns the table, for tests and for the generated documentation.
func Routes(hosts *service.Hosts) []Route { return (&API{Options: Options{Hosts: hosts}}).routes() }

// typed returns a row of both tiers. query names the parameters that the handler reads.
func typed(method, pattern string, need service.Permission, h handler, query ...string) Route {
	return Route{Method: method, Pattern: pattern, Need: need, typed: h, query: query}
}

// raw returns rows that are only in the raw tier, with one method and many patterns.
func raw(method string, patterns ...string) []Route {
	rows := make([]Route, len(patterns))
	for i, p := range patterns {
		rows[i] = Route{Method: method, Pattern: p, Need: service.Administer}
	}
	return rows
}

func (a *API) engineRoutes() []Route {
	return slices.Concat(
		[]Route{
			typed(http.MethodGet, "/_ping", service.View, a.ping),
			typed(http.MethodHead, "/_ping", service.View, a.ping),
			typed(http.MethodGet, "/version", service.View, a.version),
			typed(http.MethodGet, "/info", service.View, a.info),
			typed(http.MethodGet, "/events", service.View, a.events, "filters", "since", "until"),
		},
		raw(http.MethodGet, "/system/df"),
		raw(http.MethodPost, "/auth", "/session"),
	)
}

func (a *API) containerRoutes() []Route {
	op := func(name, method, pattern string, params paramsOf, query ...string) Route {
		return typed(method, pattern, service.PermissionOf(name), a.operation(name, params), query...)
	}
	return slices.Concat(
		[]Route{
			typed(http.MethodGet, "/containers/json", service.View, a.listContainers, "all", "filters", "limit", "size"),
			typed(http.MethodGet, "/containers/{id}/json", service.View, a.inspectContainer, "size"),
			typed(http.MethodGet, "/containers/{id}/top", service.View, a.listProcesses, "ps_args"),
			typed(http.MethodGet, "/containers/{id}/logs", a.Hosts.LogsPermission(), a.logs, "follow", "stdout", "stderr", "since", "until", "timestamps", "tail"),
			typed(http.MethodGet, "/containers/{id}/stats", service.View, a.stats, "stream", "one-shot"),
			typed(http.MethodPost, "/containers/{id}/wait", service.View, a.wait, "condition"),
			typed(http.MethodPost, "/containers/{id}/resize", service.Exec, a.resizeContainer, "h", "w"),
			op("start", http.MethodPost, "/containers/{id}/start", nil),
			op("stop", http.MethodPost, "/containers/{id}/stop", stopParams, "t", "signal"),
			op("restart", http.MethodPost, "/containers/{id}/restart", stopParams, "t", "signal"),
			op("kill", http.MethodPost, "/containers/{id}/kill", killParams, "signal"),
			op("pause", http.MethodPost, "/containers/{id}/pause", nil),
			op("unpause", http.MethodPost, "/containers/{id}/unpause", nil),
			op("rename", http.MethodPost, "/containers/{id}/rename", renameParams, "name"),
			op("remove", http.MethodDelete, "/containers/{id}", removeParams, "force", "v"),
			typed(http.MethodPost, "/containers/{id}/update", service.PermissionOf("update"), a.update),
		},
		raw(http.MethodPost, "/containers/create", "/containers/prune", "/containers/{id}/attach"),
		raw(http.MethodGet, "/containers/{id}/changes", "/containers/{id}/export", "/containers/{id}/attach/ws", "/containers/{id}/archive"),
		raw(http.MethodHead, "/containers/{id}/archive"),
		raw(http.MethodPut, "/containers/{id}/archive"),
	)
}

func (a *API) execRoutes() []Route {
	return []Route{
		typed(http.MethodPost, "/containers/{id}/exec", service.Exec, a.createExec),
		typed(http.MethodPost, "/exec/{id}/start", service.Exec, a.startExec),
		typed(http.MethodPost, "/exec/{id}/resize", service.Exec, a.resizeExec, "h", "w"),
		typed(http.MethodGet, "/exec/{id}/json", service.Exec, a.inspectExec),
	}
}

func (a *API) imageRoutes() []Route {
	return slices.Concat(
		[]Route{typed(http.MethodGet, "/images/json", service.View, a.listImages, "all", "filters")},
		raw(http.MethodGet, "/images/search", "/images/get", "/images/{name...}/json", "/images/{name...}/history", "/images/{name...}/get",
			"/distribution/{name...}/json"),
		raw(http.MethodPost, "/images/create", "/images/prune", "/images/load", "/images/{name...}/push", "/images/{name...}/tag",
			"/build", "/build/prune", "/commit"),
		raw(http.MethodDelete, "/images/{name...}"),
	)
}

func networkRoutes() []Route {
	return slices.Concat(
		raw(http.MethodGet, "/networks", "/networks/{id}", "/volumes", "/volumes/{name}"),
		raw(http.MethodPost, "/networks/create", "/networks/prune", "/networks/{id}/connect", "/networks/{id}/disconnect",
			"/volumes/create", "/volumes/prune"),
		raw(http.MethodPut, "/volumes/{name}"),
		raw(http.MethodDelete, "/networks/{id}", "/volumes/{name}"),
	)
}

func pluginRoutes() []Route {
	return slices.Concat(
		raw(http.MethodGet, "/plugins", "/plugins/privileges", "/plugins/{name...}/json"),
		raw(http.MethodPost, "/plugins/pull", "/plugins/create", "/plugins/{name...}/enable", "/plugins/{name...}/disable",
			"/plugins/{name...}/upgrade", "/plugins/{name...}/push", "/plugins/{name...}/set"),
		raw(http.MethodDelete, "/plugins/{name...}"),
	)
}

func swarmRoutes() []Route {
	rows := slices.Concat(
		raw(http.MethodGet, "/swarm", "/swarm/unlockkey", "/nodes", "/nodes/{id}", "/services/{id}/logs", "/tasks", "/tasks/{id}", "/tasks/{id}/logs"),
		raw(http.MethodPost, "/swarm/init", "/swarm/join", "/swarm/leave", "/swarm/update", "/swarm/unlock", "/nodes/{id}/update"),
		raw(http.MethodDelete, "/nodes/{id}"),
	)
	for _, kind := range []string{"/services", "/secrets", "/configs"} {
		rows = slices.Concat(rows,
			raw(http.MethodGet, kind, kind+"/{id}"), raw(http.MethodPost, kind+"/create", kind+"/{id}/update"), raw(http.MethodDelete, kind+"/{id}"))
	}
	return rows
}

// buildRoutes are routes that Docker's document omits; other clients than its command line use the builder through them.
func buildRoutes() []Route { return raw(http.MethodPost, "/grpc") }

package dockerapi

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"wharf/dockerx/containers"
	"wharf/dockerx/wire"
	"wharf/util/apperr"
)

// listFilters are the names of the filters of a list of containers.
var listFilters = []string{
	"ancestor", "before", "exited", "expose", "health", "id", "isolation", "is-task", "label", "name", "network", "publish", "since", "status", "volume",
}

// states are the values of the filter status.
var states = []string{"paused", "restarting", "removing", "running", "dead", "created", "exited", "stopping"}

// containerList is a request for a list of containers.
type containerList struct {
	filters
	all   bool // include containers that don't run
	limit int  // 0: unlimited
}

// listContainers answers GET /containers/json. Filters apply to what the caller sees, so that they reveal nothing else.
func (a *API) listContainers(w http.ResponseWriter, r *http.Request, c *Call) error {
	q := queryOf(r)
	f, err := parseFilters(q.text("filters"), listFilters...)
	l := containerList{filters: f, all: q.on("all"), limit: q.number("limit", -1, 1<<30)}
	for _, err := range []error{err, q.err, l.check()} {
		if err != nil {
			return err
		}
	}
	l.all = l.all || l.limit > 0 || len(f["status"]) > 0 || len(f["exited"]) > 0
	rows, err := c.host.Rows(r.Context(), l.all || len(f["before"])+len(f["since"]) > 0, q.on("size"))
	if err != nil {
		return err
	}
	if rows, err = l.between(rows); err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(row wire.Row) bool { return !l.selects(&row) })
	if l.limit > 0 && len(rows) > l.limit {
		rows = rows[:l.limit]
	}
	if rows == nil {
		rows = []wire.Row{}
	}
	return answer(w, http.StatusOK, rows)
}

// check rejects filter values that no container can have.
func (l *containerList) check() error {
	for name, valid := range map[string]func(string) bool{
		"status": func(v string) bool { return slices.Contains(states, v) },
		"health": func(v string) bool { return slices.Contains([]string{"none", "starting", "healthy", "unhealthy"}, v) },
		"exited": func(v string) bool { _, err := strconv.Atoi(v); return err == nil },
	} {
		for _, v := range l.filters[name] {
			if !valid(v) {
				return apperr.New(apperr.Invalid, "invalid filter '%s=%.60s'", name, v)
			}
		}
	}
	return nil
}

// between returns the part of rows, newest first, created before and since the containers that the filters name.
func (l *containerList) between(rows []wire.Row) ([]wire.Row, error) {
	from, to := 0, len(rows)
	for _, name := range []string{"before", "since"} {
		for _, value := range l.filters[name] {
			i, err := indexOf(rows, value)
			if err != nil {
				return nil, err
			}
			if name == "before" {
				from = max(from, i+1)
			} else {
				to = min(to, i)
			}
		}
	}
	return rows[from:max(from, to)], nil
}

// indexOf returns the index of the container that value refers to, by Docker's rules for references.
func indexOf(rows []wire.Row, value string) (int, error) {
	ref, err := containers.ParseRef(value)
	if err != nil {
		return 0, err
	}
	list := make([]containers.Container, len(rows))
	for i, r := range rows {
		list[i] = containers.Container{ID: r.ID, Name: strings.TrimPrefix(r.Names[0], "/")}
	}
	found, err := containers.Find(list, ref)
	if err != nil {
		return 0, err
	}
	return slices.IndexFunc(rows, func(r wire.Row) bool { return r.ID == found.ID }), nil
}

var exitedPattern = regexp.MustCompile(`^Exited \((-?[0-9]+)\)`)

func (l *containerList) selects(r *wire.Row) bool {
	runs := r.State == "running" || r.State == "paused" || r.State == "restarting"
	return (l.all || runs) &&
		l.like("name", strings.TrimPrefix(r.Names[0], "/"), r.Names[0]) &&
		l.like("id", r.ID) &&
		l.labelled(r.Labels) &&
		l.exactly("status", r.State) &&
		l.exactly("health", healthOf(r.Status)) &&
		l.matches("exited", func(v string) bool {
			m := exitedPattern.FindStringSubmatch(r.Status)
			return m != nil && m[1] == v
		}) &&
		l.matches("ancestor", func(v string) bool { return isImage(r, v) }) &&
		l.matches("network", func(v string) bool { return inNetwork(r, v) }) &&
		l.matches("volume", func(v string) bool {
			return slices.ContainsFunc(r.Mounts, func(m wire.Mount) bool { return m.Name == v || m.Destination == v })
		}) &&
		l.matches("publish", func(v string) bool { return hasPort(r, v, true) }) &&
		l.matches("expose", func(v string) bool { return hasPort(r, v, false) }) &&
		l.matches("is-task", func(v string) bool { _, task := r.Labels["com.docker.swarm.task.id"]; return truthy(v) == task }) &&
		l.exactly("isolation", "default", "")
}

// healthOf returns a container's health from its status, such as "Up 2 hours (healthy)".
func healthOf(status string) string {
	switch {
	case strings.HasSuffix(status, "(unhealthy)"):
		return "unhealthy"
	case strings.HasSuffix(status, "(healthy)"):
		return "healthy"
	case strings.HasSuffix(status, "(health: starting)"):
		return "starting"
	}
	return "none"
}

// isImage reports whether a container was made from an image, given by name or prefix of its id. Unlike Docker it doesn't find
// containers of images that were built on that image: only the engine knows those.
func isImage(r *wire.Row, v string) bool {
	id := strings.TrimPrefix(v, "sha256:")
	return r.Image == v || r.Image == v+":latest" || r.ImageID == v ||
		len(id) >= 4 && strings.HasPrefix(strings.TrimPrefix(r.ImageID, "sha256:"), id)
}

func inNetwork(r *wire.Row, v string) bool {
	for name, e := range r.NetworkSettings.Networks {
		if name == v || e != nil && e.NetworkID != "" && (e.NetworkID == v || len(v) >= 4 && strings.HasPrefix(e.NetworkID, v)) {
			return true
		}
	}
	return false
}

// hasPort reports whether a container has a port "80", "80/udp" or "8000-8010/tcp"; if published, one of the host's ports.
func hasPort(r *wire.Row, v string, published bool) bool {
	ports, proto, named := strings.Cut(v, "/")
	if !named {
		proto = "tcp"
	}
	first, last, several := strings.Cut(ports, "-")
	if !several {
		last = first
	}
	from, err := strconv.ParseUint(first, 10, 16)
	to, err2 := strconv.ParseUint(last, 10, 16)
	return err == nil && err2 == nil && slices.ContainsFunc(r.Ports, func(p wire.Port) bool {
		port := uint64(p.PrivatePort)
		if published {
			port = uint64(p.PublicPort)
		}
		return port != 0 && p.Type == proto && from <= port && port <= to
	})
}

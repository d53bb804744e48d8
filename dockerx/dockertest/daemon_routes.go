package dockertest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/docker/docker/api/types/container"
)

// routes registers the daemon's own answers.
func (d *Daemon) routes() {
	m := d.standard
	m.HandleFunc("GET /_ping", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("OK")) })
	m.HandleFunc("GET /version", d.serveVersion)
	m.HandleFunc("GET /info", d.serveInfo)
	m.HandleFunc("GET /events", d.Events.ServeHTTP)
	m.HandleFunc("GET /containers/json", d.serveList)
	m.HandleFunc("GET /containers/{id}/json", d.serveInspect)
	m.HandleFunc("GET /containers/{id}/stats", d.serveStats)
	m.HandleFunc("GET /containers/{id}/logs", d.serveLogs)
	m.HandleFunc("GET /containers/{id}/top", d.serveTop)
	m.HandleFunc("GET /images/{rest...}", d.serveImage)
	m.HandleFunc("POST /containers/create", d.serveCreate)
	m.HandleFunc("DELETE /containers/{id}", func(w http.ResponseWriter, r *http.Request) { d.serveChange(w, r, remove) })
	for verb, change := range changes {
		m.HandleFunc("POST /containers/{id}/"+verb, func(w http.ResponseWriter, r *http.Request) { d.serveChange(w, r, change) })
	}
	d.stockRoutes()
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { Fail(w, http.StatusNotFound, "page not found") })
}

func (d *Daemon) serveVersion(w http.ResponseWriter, _ *http.Request) {
	d.mu.Lock()
	api, oldest := d.api, d.minAPI
	d.mu.Unlock()
	JSON(w, http.StatusOK, map[string]string{
		"Version": "20.10.24", "ApiVersion": api, "MinAPIVersion": oldest, "Os": "linux", "Arch": "amd64",
	})
}

func (d *Daemon) serveInfo(w http.ResponseWriter, _ *http.Request) {
	count := map[string]int{}
	for _, c := range d.Containers() {
		count[c.State]++
	}
	JSON(w, http.StatusOK, map[string]any{
		"ID": "FAKE", "ServerVersion": "20.10.24", "OperatingSystem": "Fake Linux", "OSType": "linux",
		"Architecture": "x86_64", "NCPU": 2, "MemTotal": 4 << 30, "Name": "fake",
		"SystemTime": time.Now().Format(time.RFC3339Nano),
		"Containers": len(d.Containers()), "ContainersRunning": count["running"], "ContainersPaused": count["paused"],
	})
}

func (d *Daemon) serveList(w http.ResponseWriter, r *http.Request) {
	all := r.URL.Query().Get("all") == "1" || r.URL.Query().Get("all") == "true"
	rows := []container.Summary{}
	for _, c := range d.Containers() {
		if all || c.alive() {
			rows = append(rows, c.summary())
		}
	}
	JSON(w, http.StatusOK, rows)
}

func (d *Daemon) serveInspect(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	c, status, message := d.find(r.PathValue("id"))
	var answer container.InspectResponse
	if c != nil {
		answer = c.inspect()
	}
	d.mu.Unlock()
	if c == nil {
		Fail(w, status, message)
		return
	}
	JSON(w, http.StatusOK, answer)
}

func (d *Daemon) serveTop(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	c, status, words := d.find(r.PathValue("id"))
	if c != nil && !c.alive() {
		status, words = http.StatusConflict, "Container "+c.ID+" is not running"
	}
	d.mu.Unlock()
	if words != "" {
		Fail(w, status, words)
		return
	}
	JSON(w, http.StatusOK, container.TopResponse{
		Titles:    []string{"UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"},
		Processes: [][]string{{"root", "4711", "4690", "0", "21:33", "?", "00:00:00", "nginx: master process nginx -g daemon off;"}},
	})
}

// change carries out a verb on a container. It returns the status of the answer, Docker's message if it failed, and the actions
// of the events. It is called with mu held.
type change func(d *Daemon, c *Container, r *http.Request) (status int, words string, actions []string)

var changes = map[string]change{
	"start": func(_ *Daemon, c *Container, _ *http.Request) (int, string, []string) {
		switch {
		case c.State == "paused":
			return http.StatusConflict, "cannot start a paused container, try unpause instead", nil
		case c.alive():
			return http.StatusNotModified, "", nil
		}
		c.State, c.started = "running", time.Now()
		return http.StatusNoContent, "", []string{"start"}
	},
	"stop": func(_ *Daemon, c *Container, _ *http.Request) (int, string, []string) {
		if !c.alive() {
			return http.StatusNotModified, "", nil
		}
		c.State, c.Exit = "exited", 0
		return http.StatusNoContent, "", []string{"kill", "die", "stop"}
	},
	"restart": func(_ *Daemon, c *Container, _ *http.Request) (int, string, []string) {
		c.State, c.started = "running", time.Now()
		return http.StatusNoContent, "", []string{"kill", "die", "stop", "start", "restart"}
	},
	"pause": func(_ *Daemon, c *Container, _ *http.Request) (int, string, []string) {
		switch c.State {
		case "running":
			c.State = "paused"
			return http.StatusNoContent, "", []string{"pause"}
		case "paused":
			return http.StatusConflict, "Container " + c.ID + " is already paused", nil
		}
		return http.StatusConflict, "Container " + c.ID + " is not running", nil
	},
	"unpause": func(_ *Daemon, c *Container, _ *http.Request) (int, string, []string) {
		if c.State != "paused" {
			return http.StatusInternalServerError, "Container " + c.ID + " is not paused", nil
		}
		c.State = "running"
		return http.StatusNoContent, "", []string{"unpause"}
	},
	"kill": func(_ *Daemon, c *Container, r *http.Request) (int, string, []string) {
		if !c.alive() {
			return http.StatusConflict, "Cannot kill container: " + c.ID + ": Container " + c.ID + " is not running", nil
		}
		switch r.URL.Query().Get("signal") {
		case "", "KILL", "SIGKILL", "9":
			c.State, c.Exit = "exited", 137
			return http.StatusNoContent, "", []string{"kill", "die"}
		}
		return http.StatusNoContent, "", []string{"kill"}
	},
	"rename": rename,
	"update": func(_ *Daemon, _ *Container, _ *http.Request) (int, string, []string) {
		return http.StatusOK, "", []string{"update"}
	},
}

// remove removes a container. It refuses a running one, unless forced.
func remove(d *Daemon, c *Container, r *http.Request) (int, string, []string) {
	actions := []string{"destroy"}
	if c.alive() {
		if r.URL.Query().Get("force") != "1" {
			return http.StatusConflict, "You cannot remove a " + c.State + " container " + c.ID +
				". Stop the container before attempting removal or force remove", nil
		}
		actions = []string{"kill", "die", "destroy"}
	}
	d.containers = slices.DeleteFunc(d.containers, func(other *Container) bool { return other == c })
	return http.StatusNoContent, "", actions
}

// rename renames a container. It refuses the name of any container.
func rename(d *Daemon, c *Container, r *http.Request) (int, string, []string) {
	name := r.URL.Query().Get("name")
	for _, other := range d.containers {
		switch {
		case other.Name != name:
		case other == c:
			return http.StatusBadRequest, "Renaming a container with the same name as its current name", nil
		default:
			return http.StatusConflict, "Conflict. The container name \"/" + name + "\" is already in use by container \"" + other.ID +
				"\". You have to remove (or rename) that container to be able to reuse that name.", nil
		}
	}
	c.Name = name
	return http.StatusNoContent, "", []string{"rename"}
}

func (d *Daemon) serveChange(w http.ResponseWriter, r *http.Request, f change) {
	d.mu.Lock()
	c, status, words := d.find(r.PathValue("id"))
	var (
		actions []string
		after   Container
	)
	if c != nil {
		status, words, actions = f(d, c, r)
		after = *c
	}
	d.mu.Unlock()
	d.report(after, actions...)
	if words != "" {
		Fail(w, status, words)
		return
	}
	if status == http.StatusOK {
		JSON(w, status, map[string]any{"Warnings": nil})
		return
	}
	w.WriteHeader(status)
}

func (d *Daemon) serveStats(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	stream := query.Get("stream") != "0" && query.Get("stream") != "false"
	for first := true; ; first = false {
		d.mu.Lock()
		c, status, words := d.find(r.PathValue("id"))
		var sample any
		if c != nil {
			sample = c.sample()
		}
		d.mu.Unlock()
		if c == nil {
			Fail(w, status, words)
			return
		}
		if first {
			w.Header().Set("Content-Type", "application/json")
		}
		if json.NewEncoder(w).Encode(sample) != nil || !stream {
			return
		}
		_ = http.NewResponseController(w).Flush()
		select {
		case <-time.After(time.Second):
		case <-r.Context().Done():
			return
		case <-d.closed:
			return
		}
	}
}

// sample returns one sample in Docker's form: cgroup v2, two CPUs. For a stopped container it has only id and name.
func (c *Container) sample() any {
	if !c.alive() {
		return map[string]any{
			"read": "0001-01-01T00:00:00Z", "preread": "0001-01-01T00:00:00Z", "id": c.ID, "name": "/" + c.Name,
			"cpu_stats": map[string]any{}, "precpu_stats": map[string]any{}, "memory_stats": map[string]any{},
		}
	}
	limit := c.Usage.Limit
	if limit == 0 {
		limit = 1 << 30
	}
	up := since(c.started)
	return map[string]any{
		"read": time.Now().UTC().Format(time.RFC3339Nano), "preread": "0001-01-01T00:00:00Z",
		"id": c.ID, "name": "/" + c.Name,
		"pids_stats": map[string]any{"current": c.Usage.Pids},
		"cpu_stats": map[string]any{
			"cpu_usage":        map[string]any{"total_usage": uint64(float64(up) * c.Usage.Cores)},
			"system_cpu_usage": 2 * up, "online_cpus": 2,
		},
		"precpu_stats": map[string]any{"cpu_usage": map[string]any{"total_usage": 0}},
		"memory_stats": map[string]any{
			"usage": c.Usage.Memory, "limit": limit, "stats": map[string]any{"inactive_file": c.Usage.InactiveFile},
		},
		"networks": map[string]any{"eth0": map[string]any{"rx_bytes": c.Usage.Rx, "tx_bytes": c.Usage.Tx}},
	}
}

package dockertest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
)

// Container is one container of a fake daemon. Empty fields get the values of a plain container of Docker.
type Container struct {
	ID      string // 64 hex digits; generated if empty
	Name    string // without '/'
	Aliases []string
	Image   string
	State   string // empty: running
	Health  string // "", starting, healthy, unhealthy
	Exit    int
	Created time.Time
	Labels  map[string]string
	Env     []string
	Cmd     []string
	Log     []string // lines of its log
	// Networks, Ports and Mounts are returned unchanged; nil Networks mean the default bridge.
	Networks    map[string]*network.EndpointSettings
	Ports       nat.PortMap
	Mounts      []container.MountPoint
	StopTimeout *int
	Usage       Usage

	started time.Time
}

// Usage is the usage of a running container of a fake daemon. Its CPU time grows with the clock.
type Usage struct {
	Cores        float64 // number of busy cores
	Memory       uint64  // bytes, including page cache
	InactiveFile uint64  // bytes of page cache
	Limit        uint64  // bytes; 0: 1 GiB
	Rx, Tx       uint64  // bytes on eth0
	Pids         uint64
}

// Add adds containers at the end of the daemon's list, and returns the full id of the last.
func (d *Daemon) Add(containers ...Container) string {
	id := ""
	for _, c := range containers {
		c.fill()
		d.mu.Lock()
		d.containers = append(d.containers, &c)
		d.mu.Unlock()
		d.report(c, "create")
		if c.State != "created" {
			d.report(c, "start")
		}
		id = c.ID
	}
	return id
}

// fill sets the empty fields.
func (c *Container) fill() {
	if c.ID == "" {
		c.ID = NewID()
	}
	if c.Name == "" {
		c.Name = "c" + c.ID[:11]
	}
	if c.State == "" {
		c.State = "running"
	}
	if c.Image == "" {
		c.Image = "wharf-test:latest"
	}
	if c.Created.IsZero() {
		c.Created = time.Now().Add(-time.Hour)
	}
	c.started = time.Now().Add(-time.Minute)
}

// report emits events of a container, with its name, image and labels as attributes.
func (d *Daemon) report(c Container, actions ...string) {
	for _, action := range actions {
		attrs := maps.Clone(c.Labels)
		if attrs == nil {
			attrs = map[string]string{}
		}
		attrs["name"], attrs["image"] = c.Name, c.Image
		if action == "die" {
			attrs["exitCode"] = strconv.Itoa(c.Exit)
		}
		d.Emit(NewMessage("container", action, c.ID, attrs))
	}
}

// NewID returns a random container id.
func NewID() string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Remove removes a container, in any state.
func (d *Daemon) Remove(id string) {
	d.mu.Lock()
	var gone []Container
	d.containers = slices.DeleteFunc(d.containers, func(c *Container) bool {
		if c.ID == id {
			gone = append(gone, *c)
		}
		return c.ID == id
	})
	d.mu.Unlock()
	for _, c := range gone {
		d.report(c, "destroy")
	}
}

// SetState changes a container's state without an event.
func (d *Daemon) SetState(id, state string) {
	d.edit(id, func(c *Container) { c.State = state })
}

// SetHealth changes a container's health and emits the event.
func (d *Daemon) SetHealth(id, health string) {
	d.report(d.edit(id, func(c *Container) { c.Health = health }), "health_status: "+health)
}

func (d *Daemon) edit(id string, f func(*Container)) Container {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.containers {
		if c.ID == id {
			f(c)
			return *c
		}
	}
	return Container{}
}

// Containers returns copies of the containers.
func (d *Daemon) Containers() []Container {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]Container, 0, len(d.containers))
	for _, c := range d.containers {
		all = append(all, *c)
	}
	return all
}

// find finds a container as Docker does: by full id, then by name, then by a unique prefix of the id. It returns nil, a status
// and a message if there is none. The caller holds mu.
func (d *Daemon) find(ref string) (*Container, int, string) {
	ref = strings.TrimPrefix(ref, "/")
	var found []*Container
	for _, c := range d.containers {
		if c.ID == ref {
			return c, 0, ""
		}
	}
	for _, c := range d.containers {
		if c.Name == ref {
			return c, 0, ""
		}
		if ref != "" && strings.HasPrefix(c.ID, ref) {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return nil, http.StatusNotFound, "No such container: " + ref
	case 1:
		return found[0], 0, ""
	}
	return nil, http.StatusBadRequest, "Multiple IDs found with provided prefix: " + ref
}

func (c *Container) alive() bool {
	return c.State == "running" || c.State == "paused" || c.State == "restarting"
}

func (c *Container) status() string {
	switch c.State {
	case "running":
		if c.Health != "" {
			return "Up About a minute (" + c.Health + ")"
		}
		return "Up About a minute"
	case "paused":
		return "Up About a minute (Paused)"
	case "created":
		return "Created"
	case "restarting":
		return fmt.Sprintf("Restarting (%d) 2 seconds ago", c.Exit)
	}
	return fmt.Sprintf("Exited (%d) 2 minutes ago", c.Exit)
}

func (c *Container) summary() container.Summary {
	names := []string{"/" + c.Name}
	for _, alias := range c.Aliases {
		names = append([]string{alias}, names...)
	}
	return container.Summary{
		ID: c.ID, Names: names, Image: c.Image, ImageID: imageID, Created: c.Created.Unix(),
		Labels: c.Labels, State: c.State, Status: c.status(), Ports: []container.Port{},
		Command: strings.Join(c.Cmd, " "), Mounts: c.Mounts,
	}
}

const imageID = "sha256:5d0da3dc976460b72c77d94c8a1ad043720b0416bfc16c52c45d4847e53fadb6"

func (c *Container) inspect() container.InspectResponse {
	zero := "0001-01-01T00:00:00Z"
	state := &container.State{
		Status: c.State, Running: c.alive(), Paused: c.State == "paused", Restarting: c.State == "restarting",
		ExitCode: c.Exit, StartedAt: c.started.UTC().Format(time.RFC3339Nano), FinishedAt: zero,
	}
	if c.State == "created" {
		state.StartedAt = zero
	}
	if c.Health != "" {
		state.Health = &container.Health{Status: c.Health}
	}
	settings := &container.NetworkSettings{Networks: c.Networks}
	settings.Ports = c.Ports
	if c.Networks == nil {
		//nolint:staticcheck // as daemons before API 1.52 return
		settings.IPAddress, settings.Gateway, settings.MacAddress = "172.17.0.2", "172.17.0.1", "02:42:ac:11:00:02"
		settings.Networks = map[string]*network.EndpointSettings{"bridge": {
			NetworkID: strings.Repeat("b", 64), IPAddress: "172.17.0.2", Gateway: "172.17.0.1", MacAddress: "02:42:ac:11:00:02",
		}}
	}
	return container.InspectResponse{
		ContainerJSONBase: &container.ContainerJSONBase{
			ID: c.ID, Name: "/" + c.Name, Created: c.Created.UTC().Format(time.RFC3339Nano), State: state,
			Image: imageID, Platform: "linux",
		},
		Mounts:          c.Mounts,
		Config:          &container.Config{Hostname: c.ID[:12], Env: c.Env, Cmd: c.Cmd, Labels: c.Labels, Image: c.Image, StopTimeout: c.StopTimeout},
		NetworkSettings: settings,
	}
}

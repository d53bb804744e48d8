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

// Container is one container of a fake daemon. What is left empty gets what Docker would show
// of a plain container.
type Container struct {
	ID      string // 64 hex digits, made up when empty
	Name    string // without '/'
	Aliases []string
	Image   string
	State   string // running when empty
	Health  string // "", starting, healthy, unhealthy
	Exit    int
	Created time.Time
	Labels  map[string]string
	Env     []string
	Cmd     []string
	Log     []string // its lines
	// Networks, Ports and Mounts are shown as they are; nil Networks mean the default bridge.
	Networks    map[string]*network.EndpointSettings
	Ports       nat.PortMap
	Mounts      []container.MountPoint
	StopTimeout *int
	Usage       Usage

	started time.Time
}

// Usage is what a running container of a fake daemon uses. Its CPU time grows with the clock.
type Usage struct {
	Cores        float64 // busy
	Memory       uint64  // bytes, page cache included
	InactiveFile uint64  // bytes of page cache
	Limit        uint64  // 1 GiB when 0
	Rx, Tx       uint64  // bytes on eth0
	Pids         uint64
}

// Add puts containers on the daemon, at the end of its list, and returns the full id of the last.
func (d *Daemon) Add(containers ...Container) string {
	id := ""
	for _, c := range containers {
		c.fill()
		d.mu.Lock()
		d.containers = append(d.containers, &c)
		d.mu.Unlock()
		d.tell(c, "create")
		if c.State != "created" {
			d.tell(c, "start")
		}
		id = c.ID
	}
	return id
}

// fill gives what was left empty.
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

// tell emits events about a container: its name, image and labels as attributes.
func (d *Daemon) tell(c Container, actions ...string) {
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

// NewID makes up a container id.
func NewID() string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Remove takes a container off the daemon, whatever its state.
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
		d.tell(c, "destroy")
	}
}

// SetState changes a container behind everybody's back: no event tells of it.
func (d *Daemon) SetState(id, state string) {
	d.edit(id, func(c *Container) { c.State = state })
}

// SetHealth changes what a health check found.
func (d *Daemon) SetHealth(id, health string) {
	d.tell(d.edit(id, func(c *Container) { c.Health = health }), "health_status: "+health)
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

// Containers returns the containers as they are.
func (d *Daemon) Containers() []Container {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]Container, 0, len(d.containers))
	for _, c := range d.containers {
		all = append(all, *c)
	}
	return all
}

// find resolves as Docker does: the whole id, then a name, then a unique prefix. The caller holds
// the lock.
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
		//nolint:staticcheck // what daemons before API 1.52 show
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

package recreate

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
)

// hostConfig has the fields in use of a container's HostConfig.
type hostConfig struct {
	NetworkMode  string
	UTSMode      string
	Binds        []string
	Links        []string
	PortBindings map[string]any
	Mounts       []object
}

// mountPoint is a mount in the engine's answer to an inspect, including those with a volume that the engine created.
type mountPoint struct {
	Type, Name, Destination, Mode string
	RW                            bool
}

func decodeHost(o object) (*hostConfig, error) {
	h := &hostConfig{}
	if err := json.Unmarshal(encode(o), h); err != nil {
		return nil, fmt.Errorf("decode a container's HostConfig: %w", err)
	}
	return h, nil
}

// sharesHostname reports whether the container uses the hostname of another container or the host. Engines then reject one in
// the configuration.
func (h *hostConfig) sharesHostname() bool {
	return strings.HasPrefix(h.NetworkMode, "container:") || h.UTSMode == "host"
}

// isNetwork reports whether NetworkMode names a network: not another container's, the host's or none.
func (h *hostConfig) isNetwork() bool {
	switch h.NetworkMode {
	case "none", "host":
		return false
	}
	return !strings.Contains(h.NetworkMode, ":")
}

// key returns the name under which a create request must list the network of NetworkMode: the mode itself, unless it is the
// default.
func (h *hostConfig) key(network string) string {
	if h.NetworkMode == "" || h.NetworkMode == "default" {
		return network
	}
	return h.NetworkMode
}

// apply changes o so that the new container keeps the anonymous volumes, by their names, and has its links in the form that a
// create request takes.
func (h *hostConfig) apply(o object, c *containerAnswer) {
	named := map[string]bool{}
	for _, b := range h.Binds {
		if _, rest, ok := strings.Cut(b, ":"); ok {
			destination, _, _ := strings.Cut(rest, ":")
			named[path.Clean(destination)] = true
		}
	}
	for _, m := range h.Mounts {
		target := path.Clean(m.text("Target"))
		named[target] = true
		if name := c.volumeAt(target); m.text("Type") == "volume" && m.text("Source") == "" && name != "" {
			m.set("Source", name)
		}
	}
	binds := h.Binds
	for _, m := range c.Mounts {
		if m.Type == "volume" && m.Name != "" && !named[path.Clean(m.Destination)] {
			binds = append(binds, m.bind())
		}
	}
	if len(binds) > len(h.Binds) {
		o.set("Binds", binds)
	}
	if len(h.Mounts) > 0 {
		o.set("Mounts", h.Mounts)
	}
	if len(h.Links) > 0 {
		links := make([]string, len(h.Links))
		for i, l := range h.Links {
			links[i] = requestedLink(l)
		}
		o.set("Links", links)
	}
}

func (c *containerAnswer) volumeAt(destination string) string {
	for _, m := range c.Mounts {
		if m.Type == "volume" && path.Clean(m.Destination) == destination {
			return m.Name
		}
	}
	return ""
}

func (m *mountPoint) bind() string {
	mode := m.Mode
	switch {
	case !m.RW && mode == "":
		mode = "ro"
	case !m.RW && !strings.Contains(","+mode+",", ",ro,"):
		mode += ",ro"
	}
	return strings.TrimSuffix(m.Name+":"+m.Destination+":"+mode, ":")
}

// requestedLink converts a link from inspect's form, "/db:/web/alias", to a create request's, "db:alias".
func requestedLink(link string) string {
	name, alias, ok := strings.Cut(link, ":")
	if !ok {
		return link
	}
	return strings.TrimPrefix(name, "/") + ":" + path.Base(alias)
}

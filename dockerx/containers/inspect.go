package containers

import (
	"fmt"
	"maps"
	"slices"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-units"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
)

// FromInspect checks and converts an engine's answer to an inspect. Errors: a connect.FaultError if it has no valid id.
func FromInspect(raw *container.InspectResponse) (*Details, error) {
	base := raw.ContainerJSONBase
	if base == nil || !engine.IsID(base.ID) {
		return nil, &connect.FaultError{Kind: connect.FaultProtocol, Err: fmt.Errorf("inspect answered without a proper id")}
	}
	return &Details{
		ID: base.ID, Name: base.Name, Image: base.Image, Created: base.Created,
		Platform: base.Platform, RestartCount: base.RestartCount,
		State:   stateOf(base.State),
		Config:  configOf(raw.Config),
		Network: networkOf(raw.NetworkSettings),
		Mounts:  mountsOf(raw.Mounts),

		HealthCheck: hasHealthCheck(raw.Config),
		StopTimeout: stopTimeout(raw.Config),
		Log:         logOf(base, raw.Config),
		OpenStdin:   raw.Config != nil && raw.Config.OpenStdin,
		ImageName:   imageName(raw.Config),
	}, nil
}

func logOf(base *container.ContainerJSONBase, c *container.Config) Log {
	l := Log{Path: base.LogPath, TTY: c != nil && c.Tty}
	if base.HostConfig == nil {
		return l
	}
	l.Driver = base.HostConfig.LogConfig.Type
	if size, err := units.FromHumanSize(base.HostConfig.LogConfig.Config["max-size"]); err == nil {
		l.FileBytes = max(size, 0)
	} else if l.Driver != "json-file" {
		l.FileBytes = 20e6 // default of the driver local, which also serves as the cache of drivers that can't be read
	}
	return l
}

func stopTimeout(c *container.Config) *int {
	if c == nil {
		return nil
	}
	return c.StopTimeout
}

func imageName(c *container.Config) string {
	if c == nil {
		return ""
	}
	return c.Image
}

// hasHealthCheck reports whether a container has a health check; ["NONE"] disables the image's.
func hasHealthCheck(c *container.Config) bool {
	return c != nil && c.Healthcheck != nil && len(c.Healthcheck.Test) > 0 && c.Healthcheck.Test[0] != "NONE"
}

func stateOf(s *container.State) State {
	if s == nil {
		return State{}
	}
	state := State{
		Status: dockersState(s.Status), Running: s.Running, Paused: s.Paused, Restarting: s.Restarting,
		ExitCode: s.ExitCode, StartedAt: s.StartedAt, FinishedAt: s.FinishedAt,
	}
	if s.Health != nil && s.Health.Status != container.NoHealthcheck {
		state.Health = s.Health.Status
	}
	return state
}

func configOf(c *container.Config) Config {
	if c == nil {
		c = &container.Config{}
	}
	return Config{
		Hostname: c.Hostname, User: c.User, WorkingDir: c.WorkingDir,
		Env: orEmpty(c.Env), Cmd: orEmpty(c.Cmd), Entrypoint: orEmpty(c.Entrypoint),
		Labels: orEmptyMap(c.Labels),
	}
}

func networkOf(n *container.NetworkSettings) Network {
	if n == nil {
		n = &container.NetworkSettings{}
	}
	net := Network{
		//nolint:staticcheck // removed in API 1.52; in older engines these are the default network's
		IPAddress: n.IPAddress, Gateway: n.Gateway, MacAddress: n.MacAddress,
		Ports:    make(map[string][]PortBinding, len(n.Ports)),
		Networks: make(map[string]Endpoint, len(n.Networks)),
	}
	for port, bindings := range n.Ports {
		list := make([]PortBinding, 0, len(bindings))
		for _, b := range bindings {
			list = append(list, PortBinding{HostIP: b.HostIP, HostPort: b.HostPort})
		}
		net.Ports[string(port)] = list
	}
	for name, e := range n.Networks {
		net.Networks[name] = endpointOf(e)
	}
	net.fillFromNetworks()
	return net
}

func endpointOf(e *network.EndpointSettings) Endpoint {
	if e == nil {
		return Endpoint{}
	}
	return Endpoint{NetworkID: e.NetworkID, IPAddress: e.IPAddress, Gateway: e.Gateway, MacAddress: e.MacAddress}
}

// fillFromNetworks sets the three addresses, if the engine left them empty, to those of the first network by name that has
// an address.
func (n *Network) fillFromNetworks() {
	if n.IPAddress != "" {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(n.Networks)) {
		if e := n.Networks[name]; e.IPAddress != "" {
			n.IPAddress, n.Gateway, n.MacAddress = e.IPAddress, e.Gateway, e.MacAddress
			return
		}
	}
}

func mountsOf(points []container.MountPoint) []Mount {
	mounts := make([]Mount, 0, len(points))
	for _, p := range points {
		mounts = append(mounts, Mount{
			Type: string(p.Type), Name: p.Name, Source: p.Source, Destination: p.Destination,
			Mode: p.Mode, RW: p.RW,
		})
	}
	return mounts
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func orEmptyMap(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

package service

import (
	"slices"
	"strings"

	"wharf/dockerx/wire"
)

// masksAll reports whether values that look secret are masked for the actor even where no container is involved.
func (h *Host) masksAll() bool {
	return !h.actor.Unmasked && !h.actor.roleOn(h.host.Name(), nil).atLeast(RoleAdmin)
}

// maskRow masks a container in a list as the actor's role on it requires.
func (h *Host) maskRow(r *wire.Row) {
	role := h.actor.roleOn(h.host.Name(), r.Labels)
	h.hideOthers(&r.HostConfig.NetworkMode)
	for _, e := range r.NetworkSettings.Networks {
		h.hideLinks(e)
	}
	if h.actor.Unmasked || role.atLeast(RoleAdmin) {
		return
	}
	r.Labels = maskMap(r.Labels)
	r.Command = maskCommandLine(r.Command)
	for _, e := range r.NetworkSettings.Networks {
		maskEndpoint(e)
	}
	hideSources(r.Mounts, role)
}

// maskContainer masks a container as the actor's role on it requires: the fields that maskDetails masks, and those that only
// Docker's shape has.
func (h *Host) maskContainer(c *wire.Container) {
	role := h.actor.roleOn(h.host.Name(), c.Config.Labels)
	hc := &c.HostConfig
	h.hideOthers(&hc.NetworkMode, &hc.IpcMode, &hc.PidMode)
	if !h.actor.everywhereOn(h.host.Name(), View) {
		hc.Links, hc.VolumesFrom = nil, nil
	}
	for _, e := range c.NetworkSettings.Networks {
		h.hideLinks(e)
	}
	if h.actor.Unmasked || role.atLeast(RoleAdmin) {
		return
	}
	c.ResolvConfPath, c.HostnamePath, c.HostsPath, c.LogPath, c.GraphDriver.Data = "", "", "", "", nil
	argv := maskArgs(append([]string{c.Path}, c.Args...)) // together: a secret may be the argument after its flag
	c.Path, c.Args = argv[0], argv[1:]
	maskState(&c.State)
	maskConfig(&c.Config)
	maskHostConfig(hc, role)
	for _, e := range c.NetworkSettings.Networks {
		maskEndpoint(e)
	}
	hideSources(c.Mounts, role)
}

// hideOthers removes the id from namespace modes that share another container's namespace ("container:ID"), as the actor
// may not be allowed to see that container.
func (h *Host) hideOthers(modes ...*string) {
	if h.actor.everywhereOn(h.host.Name(), View) {
		return
	}
	for _, mode := range modes {
		if strings.HasPrefix(*mode, "container:") {
			*mode = "container"
		}
	}
}

// hideLinks removes the names of the containers that a network endpoint links to, unless the actor sees all containers.
func (h *Host) hideLinks(e *wire.Endpoint) {
	if e != nil && !h.actor.everywhereOn(h.host.Name(), View) {
		e.Links = nil
	}
}

func maskEndpoint(e *wire.Endpoint) {
	if e != nil {
		e.DriverOpts = maskMap(e.DriverOpts)
	}
}

func maskState(s *wire.State) {
	s.Error = maskText(s.Error)
	if s.Health != nil {
		for i := range s.Health.Log {
			s.Health.Log[i].Output = maskText(s.Health.Log[i].Output)
		}
	}
}

func maskConfig(c *wire.Config) {
	c.Env, c.Cmd, c.Entrypoint = maskEnv(c.Env), maskArgs(c.Cmd), maskArgs(c.Entrypoint)
	c.Labels, c.OnBuild, c.Shell = maskMap(c.Labels), maskArgs(c.OnBuild), maskArgs(c.Shell)
	if c.Healthcheck != nil {
		c.Healthcheck.Test = maskArgs(c.Healthcheck.Test)
	}
}

func maskHostConfig(c *wire.HostConfig, role Role) {
	for _, m := range []*map[string]string{&c.LogConfig.Config, &c.Annotations, &c.StorageOpt, &c.Tmpfs, &c.Sysctls} {
		*m = maskMap(*m)
	}
	for _, texts := range [][]string{c.ExtraHosts, c.SecurityOpt, c.DNSOptions} {
		for i := range texts {
			texts[i] = maskText(texts[i])
		}
	}
	for i := range c.DeviceRequests {
		c.DeviceRequests[i].Options = maskMap(c.DeviceRequests[i].Options)
	}
	for i := range c.Mounts {
		maskMountSpec(&c.Mounts[i], role)
	}
	if !role.atLeast(RoleOperator) {
		c.Binds = slices.DeleteFunc(c.Binds, func(b string) bool { return strings.HasPrefix(b, "/") })
	}
}

func maskMountSpec(m *wire.MountSpec, role Role) {
	if m.Type == "bind" && !role.atLeast(RoleOperator) {
		m.Source = ""
	}
	if v := m.VolumeOptions; v != nil {
		v.Labels = maskMap(v.Labels)
		if v.DriverConfig != nil {
			v.DriverConfig.Options = maskMap(v.DriverConfig.Options)
		}
	}
}

// hideSources removes the source paths of bind mounts for roles below operator.
func hideSources(mounts []wire.Mount, role Role) {
	for i := range mounts {
		if mounts[i].Type == "bind" && !role.atLeast(RoleOperator) {
			mounts[i].Source = ""
		}
	}
}

package api

import (
	"net/http"

	"wharf/api/dto"
	"wharf/dockerx/containers"
	"wharf/service"
)

func (s *Server) listContainers(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), service.View)
	if err != nil {
		return err
	}
	list, err := h.Containers(r.Context())
	if err != nil {
		return err
	}
	body := list.Get("ps2", func() []byte { return encodeData(containerRows(list.Containers)) })
	return respondBody(w, http.StatusOK, body)
}

func containerRows(containers []containers.Container) []dto.Container {
	rows := make([]dto.Container, len(containers))
	for i, c := range containers {
		rows[i] = dto.Container{ID: dto.ShortID(c.ID), Name: c.Name, Image: c.Image, State: c.State, Status: c.Status}
	}
	return rows
}

// openContainer reads the {host} and {id} of a route that shows one container. The id is checked before the host is looked up,
// so that a malformed id is 400 for every host. Routes that change a container use operate or operateStrictly instead, which
// check the operation's permission.
func (s *Server) openContainer(r *http.Request, actor service.Actor) (*service.Host, containers.Ref, error) {
	ref, err := containers.ParseRef(pathParam(r, "id"))
	if err != nil {
		return nil, ref, err
	}
	h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), service.View)
	return h, ref, err
}

func (s *Server) inspectContainer(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	h, ref, err := s.openContainer(r, actor)
	if err != nil {
		return err
	}
	d, err := h.Inspect(r.Context(), ref)
	if err != nil {
		return err
	}
	return respondData(w, detailsOf(d))
}

func detailsOf(d *containers.Details) dto.ContainerDetails {
	mounts := make([]dto.Mount, len(d.Mounts))
	for i, m := range d.Mounts {
		mounts[i] = dto.Mount(m)
	}
	return dto.ContainerDetails{
		ID: d.ID, Name: d.Name, Image: d.Image, Created: d.Created, Platform: d.Platform, RestartCount: d.RestartCount,
		State: dto.ContainerState{
			Status: d.State.Status, Running: d.State.Running, Paused: d.State.Paused, Restarting: d.State.Restarting,
			ExitCode: d.State.ExitCode, StartedAt: d.State.StartedAt, FinishedAt: d.State.FinishedAt,
		},
		Config:  dto.ContainerConfig(d.Config),
		Network: networkOf(d.Network),
		Mounts:  mounts,
	}
}

func networkOf(n containers.Network) dto.ContainerNetwork {
	ports := make(map[string][]dto.PortBinding, len(n.Ports))
	for port, bindings := range n.Ports {
		ports[port] = make([]dto.PortBinding, len(bindings))
		for i, b := range bindings {
			ports[port][i] = dto.PortBinding(b)
		}
	}
	networks := make(map[string]dto.Endpoint, len(n.Networks))
	for name, e := range n.Networks {
		networks[name] = dto.Endpoint(e)
	}
	return dto.ContainerNetwork{
		IPAddress: n.IPAddress, Gateway: n.Gateway, MacAddress: n.MacAddress, Ports: ports, Networks: networks,
	}
}

func (s *Server) listProcesses(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	h, ref, err := s.openContainer(r, actor)
	if err != nil {
		return err
	}
	p, err := h.Processes(r.Context(), ref)
	if err != nil {
		return err
	}
	return respondData(w, dto.Processes{Titles: p.Titles, Processes: p.Rows})
}

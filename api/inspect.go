package api

import (
	"net/http"

	"wharf/api/dto"
	"wharf/dockerx"
	"wharf/service"
)

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

func detailsOf(d *dockerx.Details) dto.ContainerDetails {
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

func networkOf(n dockerx.Network) dto.ContainerNetwork {
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

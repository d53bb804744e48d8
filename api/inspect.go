package api

import (
	"net/http"

	"wharf/dockerx"
	"wharf/service"
)

type containerDetails struct {
	ID           string         `json:"id"`
	Name         string         `json:"name"`
	Image        string         `json:"image"`
	Created      string         `json:"created"`
	Platform     string         `json:"platform"`
	RestartCount int            `json:"restart_count"`
	State        containerState `json:"state"`
	Config       config         `json:"config"`
	Network      network        `json:"network"`
	Mounts       []mount        `json:"mounts"`
}

type containerState struct {
	Status     string `json:"status"`
	Running    bool   `json:"running"`
	Paused     bool   `json:"paused"`
	Restarting bool   `json:"restarting"`
	ExitCode   int    `json:"exit_code"`
	StartedAt  string `json:"started_at"`
	FinishedAt string `json:"finished_at"`
}

type config struct {
	Hostname   string            `json:"hostname"`
	User       string            `json:"user"`
	Env        []string          `json:"env"`
	Cmd        []string          `json:"cmd"`
	Entrypoint []string          `json:"entrypoint"`
	WorkingDir string            `json:"working_dir"`
	Labels     map[string]string `json:"labels"`
}

type network struct {
	IPAddress  string                   `json:"ip_address"`
	Gateway    string                   `json:"gateway"`
	MacAddress string                   `json:"mac_address"`
	Ports      map[string][]portBinding `json:"ports"`
	Networks   map[string]endpoint      `json:"networks"`
}

type portBinding struct {
	HostIP   string `json:"host_ip"`
	HostPort string `json:"host_port"`
}

type endpoint struct {
	NetworkID  string `json:"network_id"`
	IPAddress  string `json:"ip_address"`
	Gateway    string `json:"gateway"`
	MacAddress string `json:"mac_address"`
}

type mount struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Mode        string `json:"mode"`
	RW          bool   `json:"rw"`
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

func detailsOf(d *dockerx.Details) containerDetails {
	mounts := make([]mount, len(d.Mounts))
	for i, m := range d.Mounts {
		mounts[i] = mount(m)
	}
	return containerDetails{
		ID: d.ID, Name: d.Name, Image: d.Image, Created: d.Created, Platform: d.Platform, RestartCount: d.RestartCount,
		State: containerState{
			Status: d.State.Status, Running: d.State.Running, Paused: d.State.Paused, Restarting: d.State.Restarting,
			ExitCode: d.State.ExitCode, StartedAt: d.State.StartedAt, FinishedAt: d.State.FinishedAt,
		},
		Config:  config(d.Config),
		Network: networkOf(d.Network),
		Mounts:  mounts,
	}
}

func networkOf(n dockerx.Network) network {
	ports := make(map[string][]portBinding, len(n.Ports))
	for port, bindings := range n.Ports {
		ports[port] = make([]portBinding, len(bindings))
		for i, b := range bindings {
			ports[port][i] = portBinding(b)
		}
	}
	networks := make(map[string]endpoint, len(n.Networks))
	for name, e := range n.Networks {
		networks[name] = endpoint(e)
	}
	return network{
		IPAddress: n.IPAddress, Gateway: n.Gateway, MacAddress: n.MacAddress, Ports: ports, Networks: networks,
	}
}

package dto

import "time"

// Container is a row of the contract's list of containers.
type Container struct {
	// First 12 characters of the id.
	ID    string `json:"id" pattern:"^[0-9a-f]{1,12}$"`
	Name  string `json:"name"`
	Image string `json:"image"`
	// State as reported by the engine: running, exited, paused, created, restarting, removing, dead.
	State  string `json:"state"`
	Status string `json:"status"`
}

// HostedContainer is a container together with its host.
type HostedContainer struct {
	Host string `json:"host"`
	ID   string `json:"id"`
	Name string `json:"name"`
	// Image name with which the container was created.
	Image string `json:"image"`
	// State as reported by the engine: running, exited, paused, created, restarting, removing, dead.
	State   string            `json:"state"`
	Status  string            `json:"status"`
	Created time.Time         `json:"created"`
	Labels  map[string]string `json:"labels"`
	// Only with update=true.
	Update *ContainerUpdate `json:"update,omitempty"`
}

// ContainerUpdate reports whether the container's tag now refers to another image in its registry.
type ContainerUpdate struct {
	// available; current; pinned: the container names a digest; local: the image is from no registry; checking: ask again later;
	// unknown.
	State string `json:"state"`
	// Digest of the tag in the registry; empty if it isn't known.
	Digest string `json:"digest"`
	// Reason for the state unknown: unknown, denied, limited, stalled, broken, unreachable, unsupported (by the engine) or
	// other.
	Reason string `json:"reason"`
	// When the registry was asked; missing if it wasn't.
	CheckedAt *time.Time `json:"checked_at,omitempty"`
}

// ContainerPage is a page of containers, with the hosts that were asked.
type ContainerPage struct {
	Containers []HostedContainer `json:"containers"`
	Hosts      []HostAnswer      `json:"hosts"`
	// Cursor of the next page; empty on the last page.
	Cursor string `json:"cursor"`
}

// ContainerQuery selects containers of one host.
type ContainerQuery struct {
	// State; repeat to match any of several.
	State []string `query:"state"`
	// Part of the name; repeat to match any of several.
	Name []string `query:"name"`
	// Part of the image's name; repeat to match any of several.
	Image []string `query:"image"`
	// key or key=value, as the answer shows it; repeat to require several.
	Label []string `query:"label"`
	// Text in the id, name, image, host, state, status or a label.
	Text string `query:"q"`
	// Sort order; a leading - means descending.
	Sort string `query:"sort" enum:"host,-host,name,-name,image,-image,state,-state,created,-created" default:"host"`
	// true: report for each container whether its tag now refers to another image in its registry. Registries that weren't asked
	// within the last hour are asked, which takes some seconds at most.
	Update bool `query:"update"`
	// Maximum number of rows in the page.
	Limit int `query:"limit" default:"500" minimum:"1" maximum:"5000"`
	// Cursor from the page before; missing for the first page.
	Cursor string `query:"cursor"`
}

// AllContainersQuery selects containers of all hosts.
type AllContainersQuery struct {
	// Host name; repeat to select several.
	Host []string `query:"host"`
	ContainerQuery
}

// ContainerDetails is the answer of inspect.
type ContainerDetails struct {
	ID           string           `json:"id"`
	Name         string           `json:"name"`
	Image        string           `json:"image"`
	Created      string           `json:"created"`
	Platform     string           `json:"platform"`
	RestartCount int              `json:"restart_count"`
	State        ContainerState   `json:"state"`
	Config       ContainerConfig  `json:"config"`
	Network      ContainerNetwork `json:"network"`
	Mounts       []Mount          `json:"mounts"`
}

// ContainerState is the state of a container.
type ContainerState struct {
	// State as reported by the engine: running, exited, paused, created, restarting, removing, dead.
	Status     string `json:"status"`
	Running    bool   `json:"running"`
	Paused     bool   `json:"paused"`
	Restarting bool   `json:"restarting"`
	ExitCode   int    `json:"exit_code"`
	StartedAt  string `json:"started_at"`
	FinishedAt string `json:"finished_at"`
}

// ContainerConfig is the configuration with which a container was created. Callers below admin see "***" for possible secrets.
type ContainerConfig struct {
	Hostname   string            `json:"hostname"`
	User       string            `json:"user"`
	Env        []string          `json:"env"`
	Cmd        []string          `json:"cmd"`
	Entrypoint []string          `json:"entrypoint"`
	WorkingDir string            `json:"working_dir"`
	Labels     map[string]string `json:"labels"`
}

// ContainerNetwork is the addresses and ports of a container.
type ContainerNetwork struct {
	IPAddress  string `json:"ip_address"`
	Gateway    string `json:"gateway"`
	MacAddress string `json:"mac_address"`
	// Bindings by port, such as 80/tcp. An exposed port that isn't published has none.
	Ports map[string][]PortBinding `json:"ports"`
	// Endpoints by network name.
	Networks map[string]Endpoint `json:"networks"`
}

// PortBinding is the address on the host at which a port is published.
type PortBinding struct {
	HostIP   string `json:"host_ip"`
	HostPort string `json:"host_port"`
}

// Endpoint is the connection of a container to a network.
type Endpoint struct {
	NetworkID  string `json:"network_id"`
	IPAddress  string `json:"ip_address"`
	Gateway    string `json:"gateway"`
	MacAddress string `json:"mac_address"`
}

// Mount is a volume or a host directory mounted in a container.
type Mount struct {
	// bind, volume or tmpfs, as reported by the engine.
	Type string `json:"type"`
	Name string `json:"name"`
	// Empty for callers below operator.
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Mode        string `json:"mode"`
	RW          bool   `json:"rw"`
}

// Target identifies a container.
type Target struct {
	// Id, unique prefix of the id, or name.
	ID   string `json:"id" minLength:"1" example:"a1b2c3d4e5f6"`
	Host string `json:"host" minLength:"1" example:"119server"`
}

// Processes are the processes of a container, as ps on the engine's host shows them.
type Processes struct {
	// Titles of the columns, which differ between engines.
	Titles []string `json:"titles"`
	// One row of cells per process. Callers below admin see *** for possible secrets.
	Processes [][]string `json:"processes"`
}

// WaitQuery is the state to wait for after an operation.
type WaitQuery struct {
	// State to wait for.
	Wait string `query:"wait" enum:"running,healthy,exited"`
	// Maximum wait: 30s by default, 5m at most.
	Limit time.Duration `query:"limit"`
}

// StopQuery is the way in which a container is stopped or restarted.
type StopQuery struct {
	// Signal in place of the container's stop signal, such as TERM, SIGHUP or 9.
	Signal string `query:"signal"`
	// Seconds until the container is killed; -1 waits for ever; missing means the container's own timeout.
	Timeout *int `query:"timeout" minimum:"-1" maximum:"3600"`
	WaitQuery
}

// KillQuery is the signal to send.
type KillQuery struct {
	// Signal, such as TERM, SIGHUP or 9; KILL by default.
	Signal string `query:"signal"`
	WaitQuery
}

// Rename is the new name of a container.
type Rename struct {
	// 2 to 255 letters, digits, '_', '.' or '-'; must not look like an id.
	Name string `json:"name" minLength:"2" maxLength:"255" example:"web-1"`
}

// Limits are the resource limits and the restart policy of a container. Missing fields stay unchanged.
type Limits struct {
	// Memory in bytes, at least 6 MiB.
	Memory *int64 `json:"memory,omitempty" minimum:"6291456" maximum:"1152921504606846976" example:"268435456"`
	// Memory and swap together, in bytes; -1 for unlimited swap.
	MemorySwap *int64 `json:"memory_swap,omitempty" minimum:"-1" maximum:"1152921504606846976" example:"536870912"`
	// Number of CPUs; 0.5 is half of one.
	CPUs *float64 `json:"cpus,omitempty" minimum:"0.001" example:"0.5"`
	// Maximum number of processes and threads; -1 for no limit.
	Pids *int64 `json:"pids,omitempty" minimum:"-1" maximum:"4194304" example:"100"`
	// no, always, unless-stopped, on-failure, or with a number of tries on-failure:5.
	RestartPolicy string `json:"restart_policy,omitempty" example:"unless-stopped"`
}

// Recreate is the image with which a container is recreated, and the state that the new container must reach.
type Recreate struct {
	// Image name such as nginx:1.27; missing means the container's own. Another image requires the right to run commands in the
	// container.
	Image string `json:"image,omitempty" maxLength:"512"`
	// Pull the image from its registry first.
	Pull bool `json:"pull,omitempty" example:"false"`
	// State that the new container must reach, running or healthy; else the old container is restored. Missing means healthy if
	// it has a health check, else running.
	Wait string `json:"wait,omitempty" example:"running"`
	// Maximum wait, such as 2m: 30s if missing, 5m at most.
	Limit string `json:"limit,omitempty" example:"2m"`
}

// RemoveQuery is the way in which a container is removed.
type RemoveQuery struct {
	// Kill the container if it runs.
	Force bool `query:"force"`
	// Remove the container's anonymous volumes too.
	Volumes bool `query:"volumes"`
}

// OperationResult is the result of an operation.
type OperationResult struct {
	// False: there was nothing to do.
	Changed bool `json:"changed"`
	// State before the operation: running, exited, paused, …
	Before string `json:"before"`
	// State after the operation; empty if the container is gone.
	After string `json:"after"`
	// Whether the state to wait for was reached in time; missing without wait.
	Reached *bool `json:"reached,omitempty"`
	// Full id of the container that recreate created.
	NewID string `json:"new_id,omitempty"`
}

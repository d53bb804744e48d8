package dto

import "time"

// Container is a row of the contract's list.
type Container struct {
	// Its first 12 characters.
	ID    string `json:"id" pattern:"^[0-9a-f]{1,12}$"`
	Name  string `json:"name"`
	Image string `json:"image"`
	// As the engine says: running, exited, paused, created, restarting, removing, dead.
	State  string `json:"state"`
	Status string `json:"status"`
}

// HostedContainer is a container of any host.
type HostedContainer struct {
	Host string `json:"host"`
	ID   string `json:"id"`
	Name string `json:"name"`
	// The name under which it was started.
	Image string `json:"image"`
	// As the engine says: running, exited, paused, created, restarting, removing, dead.
	State   string            `json:"state"`
	Status  string            `json:"status"`
	Created time.Time         `json:"created"`
	Labels  map[string]string `json:"labels"`
	// With update=true alone.
	Update *ContainerUpdate `json:"update,omitempty"`
}

// ContainerUpdate says whether a container's tag means another image in its registry by now.
type ContainerUpdate struct {
	// available; current; pinned, to a digest; local, of no registry; checking, so ask again; unknown.
	State string `json:"state"`
	// That the tag has in the registry; empty where that isn't known.
	Digest string `json:"digest"`
	// Why it is unknown: unknown, denied, limited, stalled, broken, unreachable, unsupported (the engine can't ask) or other.
	Reason string `json:"reason"`
	// When the registry was asked; missing where it wasn't.
	CheckedAt *time.Time `json:"checked_at,omitempty"`
}

// ContainerPage is a page of containers, and which hosts it speaks of.
type ContainerPage struct {
	Containers []HostedContainer `json:"containers"`
	Hosts      []HostAnswer      `json:"hosts"`
	// Of the next page; empty on the last.
	Cursor string `json:"cursor"`
}

// ContainerQuery selects containers of one host.
type ContainerQuery struct {
	// Any of them.
	State []string `query:"state"`
	// A part of it; any of them.
	Name []string `query:"name"`
	// A part of it; any of them.
	Image []string `query:"image"`
	// key or key=value, as the answer shows it; all of them.
	Label []string `query:"label"`
	// Text in id, name, image, host, state, status or a label.
	Text string `query:"q"`
	// With - in front descending.
	Sort string `query:"sort" enum:"host,-host,name,-name,image,-image,state,-state,created,-created" default:"host"`
	// true: say of each container whether its tag means another image in its registry by now. Registries are asked, for some
	// seconds at most, unless they were within the hour.
	Update bool `query:"update"`
	// The most rows of the page.
	Limit int `query:"limit" default:"500" minimum:"1" maximum:"5000"`
	// Where the page begins: the cursor of the page before it.
	Cursor string `query:"cursor"`
}

// AllContainersQuery selects containers of all hosts.
type AllContainersQuery struct {
	// Any of them.
	Host []string `query:"host"`
	ContainerQuery
}

// ContainerDetails is a container as inspect shows it.
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

// ContainerState is what a container does.
type ContainerState struct {
	// As the engine says: running, exited, paused, created, restarting, removing, dead.
	Status     string `json:"status"`
	Running    bool   `json:"running"`
	Paused     bool   `json:"paused"`
	Restarting bool   `json:"restarting"`
	ExitCode   int    `json:"exit_code"`
	StartedAt  string `json:"started_at"`
	FinishedAt string `json:"finished_at"`
}

// ContainerConfig is what a container was made with. Below admin, values that look secret are "***".
type ContainerConfig struct {
	Hostname   string            `json:"hostname"`
	User       string            `json:"user"`
	Env        []string          `json:"env"`
	Cmd        []string          `json:"cmd"`
	Entrypoint []string          `json:"entrypoint"`
	WorkingDir string            `json:"working_dir"`
	Labels     map[string]string `json:"labels"`
}

// ContainerNetwork is a container's addresses and ports.
type ContainerNetwork struct {
	IPAddress  string `json:"ip_address"`
	Gateway    string `json:"gateway"`
	MacAddress string `json:"mac_address"`
	// By port, such as 80/tcp; an exposed port that isn't published has none.
	Ports map[string][]PortBinding `json:"ports"`
	// By the network's name.
	Networks map[string]Endpoint `json:"networks"`
}

// PortBinding is where a port is published.
type PortBinding struct {
	HostIP   string `json:"host_ip"`
	HostPort string `json:"host_port"`
}

// Endpoint is a container's place in a network.
type Endpoint struct {
	NetworkID  string `json:"network_id"`
	IPAddress  string `json:"ip_address"`
	Gateway    string `json:"gateway"`
	MacAddress string `json:"mac_address"`
}

// Mount is a volume or a directory of the host inside a container.
type Mount struct {
	// bind, volume or tmpfs, as the engine says.
	Type string `json:"type"`
	Name string `json:"name"`
	// Empty below operator.
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Mode        string `json:"mode"`
	RW          bool   `json:"rw"`
}

// Target names a container.
type Target struct {
	// An id, a unique beginning of it, or a name.
	ID   string `json:"id" minLength:"1" example:"a1b2c3d4e5f6"`
	Host string `json:"host" minLength:"1" example:"119server"`
}

// Processes are those of a container, as ps on the engine's host shows them.
type Processes struct {
	// Of the columns, which differ between engines.
	Titles []string `json:"titles"`
	// A row of cells for each process. Values that look secret are *** below admin.
	Processes [][]string `json:"processes"`
}

// WaitQuery is what to wait for after an operation.
type WaitQuery struct {
	// Wait for it afterwards.
	Wait string `query:"wait" enum:"running,healthy,exited"`
	// The longest wait, 30s by default, 5m at most.
	Limit time.Duration `query:"limit"`
}

// StopQuery is how a container is stopped or restarted.
type StopQuery struct {
	// Instead of the container's own stop signal: for example TERM, SIGHUP or 9.
	Signal string `query:"signal"`
	// Seconds until the container is killed; -1 waits for ever; missing means the container's own.
	Timeout *int `query:"timeout" minimum:"-1" maximum:"3600"`
	WaitQuery
}

// KillQuery is which signal is sent.
type KillQuery struct {
	// KILL by default: for example TERM, SIGHUP or 9.
	Signal string `query:"signal"`
	WaitQuery
}

// Rename is what a container is to be called.
type Rename struct {
	// 2 to 255 letters, digits, '_', '.' or '-', and nothing that looks like an id.
	Name string `json:"name" minLength:"2" maxLength:"255" example:"web-1"`
}

// Limits are what a container may use, and whether it is started again. What is missing stays as it is.
type Limits struct {
	// Bytes, 6 MiB at least.
	Memory *int64 `json:"memory,omitempty" minimum:"6291456" maximum:"1152921504606846976" example:"268435456"`
	// Bytes of memory and swap together; -1 for no limit of swap.
	MemorySwap *int64 `json:"memory_swap,omitempty" minimum:"-1" maximum:"1152921504606846976" example:"536870912"`
	// 0.5 is half of one.
	CPUs *float64 `json:"cpus,omitempty" minimum:"0.001" example:"0.5"`
	// The most processes and threads; -1 for no limit.
	Pids *int64 `json:"pids,omitempty" minimum:"-1" maximum:"4194304" example:"100"`
	// no, always, unless-stopped, on-failure or on-failure:5.
	RestartPolicy string `json:"restart_policy,omitempty" example:"unless-stopped"`
}

// Recreate is of what image a container is created anew, and how its start is seen.
type Recreate struct {
	// A name such as nginx:1.27; missing means the one that the container names. Another one needs the right to run commands
	// in the container.
	Image string `json:"image,omitempty" maxLength:"512"`
	// Pull it from its registry first.
	Pull bool `json:"pull,omitempty" example:"false"`
	// running or healthy: what the new container must become, else the old one comes back. Missing means healthy where it has
	// a health check, and running where it has none.
	Wait string `json:"wait,omitempty" example:"running"`
	// The longest wait, such as 2m: 30s when missing, 5m at most.
	Limit string `json:"limit,omitempty" example:"2m"`
}

// RemoveQuery is how a container is removed.
type RemoveQuery struct {
	// Also one that runs: it is killed.
	Force bool `query:"force"`
	// Its anonymous volumes too.
	Volumes bool `query:"volumes"`
}

// OperationResult is what an operation did.
type OperationResult struct {
	// False: it was so already.
	Changed bool `json:"changed"`
	// The state: running, exited, paused, …
	Before string `json:"before"`
	// The state afterwards; empty where no container is left.
	After string `json:"after"`
	// Whether what was waited for came about in time; missing without wait.
	Reached *bool `json:"reached,omitempty"`
	// The whole id of the container that recreate made.
	NewID string `json:"new_id,omitempty"`
}

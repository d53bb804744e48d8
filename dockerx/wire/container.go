package wire

// Row is a container in a list.
type Row struct {
	ID              string `json:"Id"`
	Names           []string
	Image           string
	ImageID         string
	Command         string
	Created         int64
	Ports           []Port
	SizeRw          int64 `json:",omitempty"`
	SizeRootFs      int64 `json:",omitempty"`
	Labels          map[string]string
	State           string
	Status          string
	HostConfig      RowHostConfig
	NetworkSettings RowNetworks
	Mounts          []Mount
}

// Port is a port of a container in a list.
type Port struct {
	IP          string `json:",omitempty"`
	PrivatePort uint16
	PublicPort  uint16 `json:",omitempty"`
	Type        string
}

// RowHostConfig is the part of a container's HostConfig that a list contains.
type RowHostConfig struct {
	NetworkMode string `json:",omitempty"`
}

// RowNetworks are a container's networks in a list.
type RowNetworks struct {
	Networks map[string]*Endpoint
}

// Mount is a file or directory that is mounted into the container.
type Mount struct {
	Type        string `json:",omitempty"`
	Name        string `json:",omitempty"`
	Source      string
	Destination string
	Driver      string `json:",omitempty"`
	Mode        string
	RW          bool
	Propagation string
}

// Container is one container: the answer to an inspect. It doesn't contain the ids of the container's execs, since they belong
// to other callers, too.
type Container struct {
	ID              string `json:"Id"`
	Created         string
	Path            string
	Args            []string
	State           State
	Image           string
	ResolvConfPath  string
	HostnamePath    string
	HostsPath       string
	LogPath         string
	Name            string // with its '/'
	RestartCount    int
	Driver          string
	Platform        string
	MountLabel      string
	ProcessLabel    string
	AppArmorProfile string
	ExecIDs         []struct{} // always null
	HostConfig      HostConfig
	GraphDriver     Driver
	SizeRw          *int64 `json:",omitempty"`
	SizeRootFs      *int64 `json:",omitempty"`
	Mounts          []Mount
	Config          Config
	NetworkSettings NetworkSettings
}

// Driver is the storage driver of a container's own files.
type Driver struct {
	Name string
	Data map[string]string
}

// State is the state of a container's main process.
type State struct {
	Status     string
	Running    bool
	Paused     bool
	Restarting bool
	OOMKilled  bool
	Dead       bool
	Pid        int
	ExitCode   int
	Error      string
	StartedAt  string
	FinishedAt string
	Health     *Health `json:",omitempty"`
}

// Health is the state of a container's health checks.
type Health struct {
	Status        string
	FailingStreak int
	Log           []HealthResult
}

// HealthResult is the result of one health check.
type HealthResult struct {
	Start    string
	End      string
	ExitCode int
	Output   string
}

// Config is the configuration that a container was created with.
type Config struct {
	Hostname        string
	Domainname      string
	User            string
	AttachStdin     bool
	AttachStdout    bool
	AttachStderr    bool
	ExposedPorts    map[string]struct{} `json:",omitempty"`
	Tty             bool
	OpenStdin       bool
	StdinOnce       bool
	Env             []string
	Cmd             []string
	Healthcheck     *HealthCheck `json:",omitempty"`
	Image           string
	Volumes         map[string]struct{}
	WorkingDir      string
	Entrypoint      []string
	NetworkDisabled bool   `json:",omitempty"`
	MacAddress      string `json:",omitempty"`
	OnBuild         []string
	Labels          map[string]string
	StopSignal      string   `json:",omitempty"`
	StopTimeout     *int     `json:",omitempty"`
	Shell           []string `json:",omitempty"`
}

// HealthCheck configures a container's health check; times are nanoseconds.
type HealthCheck struct {
	Test          []string `json:",omitempty"`
	Interval      int64    `json:",omitempty"`
	Timeout       int64    `json:",omitempty"`
	StartPeriod   int64    `json:",omitempty"`
	StartInterval int64    `json:",omitempty"`
	Retries       int      `json:",omitempty"`
}

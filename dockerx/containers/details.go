package containers

import (
	"strconv"
)

// Details is one container as an inspect reports it. Times are the engine's own text.
type Details struct {
	ID           string
	Name         string // with its '/'
	Image        string // the image's id
	ImageName    string // that the container was created with: a tag, which may name another image by now, or an id
	Created      string
	Platform     string
	RestartCount int
	State        State
	Config       Config
	Network      Network
	Mounts       []Mount // never nil
	HealthCheck  bool    // whether it has one
	Log          Log
	StopTimeout  *int // seconds; nil: Docker's default, negative: unlimited
	OpenStdin    bool // its main process has a standard input
}

// Log holds a container's log settings.
type Log struct {
	Driver string // json-file, local, none, journald …
	Path   string // of a json-file on the engine's machine, "" for other drivers
	TTY    bool   // the container has a TTY
	// FileBytes is the size at which the log is rotated to a new file; 0: never.
	FileBytes int64
}

// State is the state of a container's main process.
type State struct {
	Status     string
	Running    bool
	Paused     bool
	Restarting bool
	ExitCode   int
	StartedAt  string
	FinishedAt string
	Health     string // "", starting, healthy, unhealthy
}

// Describe returns the state in a few words, for messages.
func (s State) Describe() string {
	switch {
	case s.Status == "":
		return "gone"
	case s.Health != "":
		return s.Status + ", " + s.Health
	case s.Status == "exited":
		return "exited with " + strconv.Itoa(s.ExitCode)
	}
	return s.Status
}

// Config is the configuration that a container was created with. Slices and maps are never nil.
type Config struct {
	Hostname   string
	User       string
	Env        []string
	Cmd        []string
	Entrypoint []string
	WorkingDir string
	Labels     map[string]string
}

// Network holds a container's addresses and ports. The three addresses are those of the default network or, if the engine
// leaves them empty (API 1.52 and later), of the first network by name that has an address.
type Network struct {
	IPAddress  string
	Gateway    string
	MacAddress string
	Ports      map[string][]PortBinding // by port, such as "80/tcp"; an exposed port without binding has an empty slice
	Networks   map[string]Endpoint
}

// PortBinding is a port of the host that is forwarded to a container.
type PortBinding struct {
	HostIP   string
	HostPort string
}

// Endpoint is a container's connection to one network.
type Endpoint struct {
	NetworkID  string
	IPAddress  string
	Gateway    string
	MacAddress string
}

// Mount is a file or directory that is mounted into the container.
type Mount struct {
	Type        string // bind, volume, tmpfs
	Name        string // of the volume
	Source      string
	Destination string
	Mode        string
	RW          bool
}

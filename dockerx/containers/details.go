package containers

import (
	"strconv"
)

// Details is one container, as inspect shows it. Times are the engine's own text.
type Details struct {
	ID           string
	Name         string // with its '/'
	Image        string // the image's id
	ImageName    string // as the container was created with: a tag, that may have moved on, or an id
	Created      string
	Platform     string
	RestartCount int
	State        State
	Config       Config
	Network      Network
	Mounts       []Mount // never nil
	HealthCheck  bool    // it has one
	Log          Log
	StopTimeout  *int // seconds; nil: Docker's own, negative: no end
	OpenStdin    bool // its first process has a standard input
}

// Log says how an engine keeps a container's log.
type Log struct {
	Driver string // json-file, local, none, journald …
	Path   string // of a json-file on the engine's machine, "" for others
	TTY    bool   // the container has a terminal
	// FileBytes is the size at which the log goes on in another file; 0: never.
	FileBytes int64
}

// State is what a container's process does.
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

// Describe says the state in a few words, for messages.
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

// Config is what a container was created with. Slices and maps are never nil.
type Config struct {
	Hostname   string
	User       string
	Env        []string
	Cmd        []string
	Entrypoint []string
	WorkingDir string
	Labels     map[string]string
}

// Network is how a container is reached. The three addresses are those of the default
// network or, where the engine leaves them empty (API 1.52 and later), of the first network
// by name that has an address.
type Network struct {
	IPAddress  string
	Gateway    string
	MacAddress string
	Ports      map[string][]PortBinding // "80/tcp"; an exposed port without binding has an empty slice
	Networks   map[string]Endpoint
}

// PortBinding is a port of the host that leads into a container.
type PortBinding struct {
	HostIP   string
	HostPort string
}

// Endpoint is a container's place in one network.
type Endpoint struct {
	NetworkID  string
	IPAddress  string
	Gateway    string
	MacAddress string
}

// Mount is a path of the container that comes from elsewhere.
type Mount struct {
	Type        string // bind, volume, tmpfs
	Name        string // of the volume
	Source      string
	Destination string
	Mode        string
	RW          bool
}

package wire

// Image is an image in a list.
type Image struct {
	ID          string `json:"Id"`
	ParentID    string `json:"ParentId"`
	RepoTags    []string
	RepoDigests []string
	Created     int64
	Size        int64
	VirtualSize int64 `json:",omitempty"` // the size, for clients before API 1.44
	SharedSize  int64
	Labels      map[string]string
	Containers  int64
}

// Info is an engine's information about itself, without its machine's paths, proxies, registries, plugins and swarm.
type Info struct {
	ID                string
	Containers        int
	ContainersRunning int
	ContainersPaused  int
	ContainersStopped int
	Images            int
	Driver            string
	MemoryLimit       bool
	SwapLimit         bool
	CPUCfsPeriod      bool `json:"CpuCfsPeriod"`
	CPUCfsQuota       bool `json:"CpuCfsQuota"`
	CPUShares         bool
	CPUSet            bool
	PidsLimit         bool
	IPv4Forwarding    bool
	OomKillDisable    bool
	SystemTime        string
	LoggingDriver     string
	CgroupDriver      string
	CgroupVersion     string `json:",omitempty"`
	KernelVersion     string
	OperatingSystem   string
	OSVersion         string
	OSType            string
	Architecture      string
	NCPU              int
	MemTotal          int64
	Name              string
	ServerVersion     string
	DefaultRuntime    string
	LiveRestore       bool `json:"LiveRestoreEnabled"`
	Isolation         string
	InitBinary        string
	SecurityOptions   []string
	Swarm             struct{ LocalNodeState string }
	Warnings          []string
}

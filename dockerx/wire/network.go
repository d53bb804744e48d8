package wire

// NetworkSettings is how a container is reached. The addresses outside Networks are those of the default network, for
// clients of before API 1.52.
type NetworkSettings struct {
	Bridge              string
	SandboxID           string
	Ports               map[string][]Binding
	EndpointID          string
	Gateway             string
	GlobalIPv6Address   string
	GlobalIPv6PrefixLen int
	IPAddress           string
	IPPrefixLen         int
	IPv6Gateway         string
	MacAddress          string
	Networks            map[string]*Endpoint
}

// Binding is a port of the host that leads into a container.
type Binding struct {
	HostIP   string `json:"HostIp"`
	HostPort string
}

// Endpoint is a container's place in one network.
type Endpoint struct {
	IPAMConfig          *IPAMConfig
	Links               []string
	Aliases             []string
	MacAddress          string
	DriverOpts          map[string]string
	GwPriority          int
	NetworkID           string
	EndpointID          string
	Gateway             string
	IPAddress           string
	IPPrefixLen         int
	IPv6Gateway         string
	GlobalIPv6Address   string
	GlobalIPv6PrefixLen int
	DNSNames            []string
}

// IPAMConfig is the addresses that were asked for.
type IPAMConfig struct {
	IPv4Address  string   `json:",omitempty"`
	IPv6Address  string   `json:",omitempty"`
	LinkLocalIPs []string `json:",omitempty"`
}

package wire

// NetworkSettings holds a container's addresses and ports. The addresses outside Networks are those of the default network,
// for clients before API 1.52.
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

// Binding is a port of the host that is forwarded to a container.
type Binding struct {
	HostIP   string `json:"HostIp"`
	HostPort string
}

// Endpoint is a container's connection to one network.
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

// IPAMConfig holds the addresses that the user requested.
type IPAMConfig struct {
	IPv4Address  string   `json:",omitempty"`
	IPv6Address  string   `json:",omitempty"`
	LinkLocalIPs []string `json:",omitempty"`
}

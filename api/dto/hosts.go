package dto

import "time"

// Host is a machine with a Docker engine.
type Host struct {
	Host string `json:"host"`
	// Address of the engine: unix://, tcp:// or ssh://.
	Addr string `json:"addr"`
}

// HostStatus is the state of a host. Fields without a value are omitted.
type HostStatus struct {
	Host   string    `json:"host"`
	Addr   string    `json:"addr"`
	Status string    `json:"status" enum:"up,down,degraded,unknown"`
	Since  time.Time `json:"since,omitzero"`
	// local: wharf has no free file descriptor; the host keeps its status.
	LastError   string    `json:"last_error,omitempty" enum:"refused,timeout,dns,tls,auth,version,protocol,local"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
	// Whether wharf is reading the host's events.
	Streaming     bool   `json:"streaming"`
	EngineVersion string `json:"engine_version,omitempty"`
	APIVersion    string `json:"api_version,omitempty"`
	OS            string `json:"os,omitempty"`
	Arch          string `json:"arch,omitempty"`
	CPUs          int    `json:"cpus,omitempty"`
	// Memory in bytes.
	Memory int64 `json:"memory,omitempty"`
	// Number of containers by state.
	Containers map[string]int `json:"containers,omitempty"`
	// How far the host's clock is ahead of wharf's, in milliseconds.
	ClockSkewMS int64 `json:"clock_skew_ms"`
	// Duration of the last ping, in milliseconds.
	LatencyMS  float64   `json:"latency_ms"`
	CertExpiry time.Time `json:"cert_expiry,omitzero"`
	// Labels from hosts.yaml. Callers below admin see *** for possible secrets.
	Labels map[string]string `json:"labels,omitempty"`
}

// HostQuery selects hosts.
type HostQuery struct {
	// key or key=value, as the answer shows it; repeat to require several.
	Label []string `query:"label"`
}

// HostAnswer reports whether a host is part of an answer, and if not, why.
type HostAnswer struct {
	Host  string `json:"host"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

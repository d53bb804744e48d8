package dto

import "time"

// Host is a machine with a Docker engine.
type Host struct {
	Host string `json:"host"`
	// Where its engine listens: unix://, tcp:// or ssh://.
	Addr string `json:"addr"`
}

// HostStatus is the state of a host. A field without a value is missing.
type HostStatus struct {
	Host   string    `json:"host"`
	Addr   string    `json:"addr"`
	Status string    `json:"status" enum:"up,down,degraded,unknown"`
	Since  time.Time `json:"since,omitzero"`
	// local: wharf has no file descriptor left; the host keeps its status.
	LastError   string    `json:"last_error,omitempty" enum:"refused,timeout,dns,tls,auth,version,protocol,local"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
	// Whether its events are being read.
	Streaming     bool   `json:"streaming"`
	EngineVersion string `json:"engine_version,omitempty"`
	APIVersion    string `json:"api_version,omitempty"`
	OS            string `json:"os,omitempty"`
	Arch          string `json:"arch,omitempty"`
	CPUs          int    `json:"cpus,omitempty"`
	// In bytes.
	Memory int64 `json:"memory,omitempty"`
	// How many containers are in each state.
	Containers map[string]int `json:"containers,omitempty"`
	// How far its clock is ahead of wharf's, in milliseconds.
	ClockSkewMS int64 `json:"clock_skew_ms"`
	// Of the last ping, in milliseconds.
	LatencyMS  float64   `json:"latency_ms"`
	CertExpiry time.Time `json:"cert_expiry,omitzero"`
	// Those of hosts.yaml. Below admin, values that look secret are ***.
	Labels map[string]string `json:"labels,omitempty"`
}

// HostQuery selects hosts.
type HostQuery struct {
	// key or key=value, as the answer shows it; all of them.
	Label []string `query:"label"`
}

// HostAnswer says whether a host is part of an answer, and why not.
type HostAnswer struct {
	Host  string `json:"host"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

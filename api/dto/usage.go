package dto

import "time"

// UsageText is the usage of a container as the contract's texts: memory in base 1024, network in base 1000.
type UsageText struct {
	// First 12 characters of the id.
	ID   string `json:"id" maxLength:"12"`
	Name string `json:"name"`
	// 100 means one busy core.
	CPUPercent    float64 `json:"cpu_percent" minimum:"0"`
	MemoryUsage   string  `json:"memory_usage" pattern:"^[0-9]+[.][0-9]{2} (B|KiB|MiB|GiB|TiB|PiB|EiB)$"`
	MemoryLimit   string  `json:"memory_limit" pattern:"^[0-9]+[.][0-9]{2} (B|KiB|MiB|GiB|TiB|PiB|EiB)$"`
	MemoryPercent float64 `json:"memory_percent" minimum:"0"`
	NetworkRx     string  `json:"network_rx" pattern:"^([0-9]+ B|[0-9]+[.][0-9]{2} (KB|MB|GB|TB|PB|EB))$"`
	NetworkTx     string  `json:"network_tx" pattern:"^([0-9]+ B|[0-9]+[.][0-9]{2} (KB|MB|GB|TB|PB|EB))$"`
}

// Usage is the usage of a container as numbers: bytes, bytes per second, nanoseconds, percent.
type Usage struct {
	// Only in answers about all hosts.
	Host    string `json:"host,omitempty"`
	ID      string `json:"id"`
	Name    string `json:"name"`
	Running bool   `json:"running"`
	// 100 means one busy core.
	CPUPercent float64 `json:"cpu_percent" minimum:"0"`
	// 100 means that all cores are busy.
	HostCPUPercent float64 `json:"host_cpu_percent" minimum:"0"`
	// CPU time in nanoseconds since the container's start.
	CPUTotal       uint64  `json:"cpu_total"`
	MemoryUsage    uint64  `json:"memory_usage"`
	MemoryLimit    uint64  `json:"memory_limit"`
	MemoryPercent  float64 `json:"memory_percent" minimum:"0"`
	NetworkRx      uint64  `json:"network_rx"`
	NetworkTx      uint64  `json:"network_tx"`
	NetworkRxRate  float64 `json:"network_rx_rate"`
	NetworkTxRate  float64 `json:"network_tx_rate"`
	BlockRead      uint64  `json:"block_read"`
	BlockWrite     uint64  `json:"block_write"`
	BlockReadRate  float64 `json:"block_read_rate"`
	BlockWriteRate float64 `json:"block_write_rate"`
	Pids           uint64  `json:"pids"`
	// Null if there is no sample.
	SampledAt *time.Time `json:"sampled_at"`
	// Only if requested, oldest first.
	History *[]UsagePoint `json:"history,omitempty"`
}

// UsagePoint is one point of a container's history.
type UsagePoint struct {
	At             time.Time `json:"at"`
	CPUPercent     float64   `json:"cpu_percent" minimum:"0"`
	MemoryUsage    uint64    `json:"memory_usage"`
	NetworkRxRate  float64   `json:"network_rx_rate"`
	NetworkTxRate  float64   `json:"network_tx_rate"`
	BlockReadRate  float64   `json:"block_read_rate"`
	BlockWriteRate float64   `json:"block_write_rate"`
	Pids           uint64    `json:"pids"`
}

// HostUsage is the usage of all containers of a host, running or not, in the host's order.
type HostUsage struct {
	// Null if there is no sample.
	SampledAt *time.Time `json:"sampled_at"`
	// Whether numbers are missing.
	Partial    bool    `json:"partial"`
	Containers []Usage `json:"containers"`
}

// TopUsage is the usage of the containers of all hosts, highest first.
type TopUsage struct {
	// Whether numbers are missing.
	Partial    bool      `json:"partial"`
	Containers []Usage   `json:"containers"`
	Hosts      []HostSum `json:"hosts"`
}

// HostSum is the total usage of the containers of a host that the caller may see.
type HostSum struct {
	HostAnswer
	// 100 means one busy core.
	CPUPercent  float64 `json:"cpu_percent" minimum:"0"`
	MemoryUsage uint64  `json:"memory_usage"`
}

// UsageQuery is the requested part of the history.
type UsageQuery struct {
	// Length of the history, 15m at most.
	Since time.Duration `query:"since"`
	// Return averages over steps of this length, 1s or more; requires since.
	Step time.Duration `query:"step"`
}

// TopUsageQuery selects containers of all hosts by usage.
type TopUsageQuery struct {
	// Host name; repeat to select several.
	Host []string `query:"host"`
	// Id of a container, or prefix of at least 12 digits; repeat to select several.
	ID []string `query:"id"`
	By string   `query:"by" enum:"cpu,memory" default:"cpu"`
	// Number of containers; missing means all.
	Top int `query:"top" minimum:"1" maximum:"100000"`
}

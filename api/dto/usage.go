package dto

import "time"

// UsageText is what a container uses, in the contract's texts: memory to base 1024, network to base 1000.
type UsageText struct {
	// Its first 12 characters.
	ID   string `json:"id" maxLength:"12"`
	Name string `json:"name"`
	// 100 is one core busy.
	CPUPercent    float64 `json:"cpu_percent" minimum:"0"`
	MemoryUsage   string  `json:"memory_usage" pattern:"^[0-9]+[.][0-9]{2} (B|KiB|MiB|GiB|TiB|PiB|EiB)$"`
	MemoryLimit   string  `json:"memory_limit" pattern:"^[0-9]+[.][0-9]{2} (B|KiB|MiB|GiB|TiB|PiB|EiB)$"`
	MemoryPercent float64 `json:"memory_percent" minimum:"0"`
	NetworkRx     string  `json:"network_rx" pattern:"^([0-9]+ B|[0-9]+[.][0-9]{2} (KB|MB|GB|TB|PB|EB))$"`
	NetworkTx     string  `json:"network_tx" pattern:"^([0-9]+ B|[0-9]+[.][0-9]{2} (KB|MB|GB|TB|PB|EB))$"`
}

// Usage is what a container uses, in numbers: bytes, bytes a second, nanoseconds, percent.
type Usage struct {
	// In answers about all hosts.
	Host    string `json:"host,omitempty"`
	ID      string `json:"id"`
	Name    string `json:"name"`
	Running bool   `json:"running"`
	// 100 is one core busy.
	CPUPercent float64 `json:"cpu_percent" minimum:"0"`
	// 100 is every core busy.
	HostCPUPercent float64 `json:"host_cpu_percent" minimum:"0"`
	// Nanoseconds since the container's start.
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
	// Null where there is no sample.
	SampledAt *time.Time `json:"sampled_at"`
	// There where it was asked for, oldest first.
	History *[]UsagePoint `json:"history,omitempty"`
}

// UsagePoint is one point of a container's past.
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

// HostUsage is what all containers of a host use, running or not, in the host's order.
type HostUsage struct {
	// Null where there is no sample.
	SampledAt *time.Time `json:"sampled_at"`
	// Whether something is missing.
	Partial    bool    `json:"partial"`
	Containers []Usage `json:"containers"`
}

// TopUsage is what the containers of all hosts use, the largest first.
type TopUsage struct {
	// Whether something is missing.
	Partial    bool      `json:"partial"`
	Containers []Usage   `json:"containers"`
	Hosts      []HostSum `json:"hosts"`
}

// HostSum is what the containers of a host that the caller may see use together.
type HostSum struct {
	HostAnswer
	// 100 is one core busy.
	CPUPercent  float64 `json:"cpu_percent" minimum:"0"`
	MemoryUsage uint64  `json:"memory_usage"`
}

// UsageQuery says how much of the past is asked for.
type UsageQuery struct {
	// How much of the past, 15m at most.
	Since time.Duration `query:"since"`
	// Means over steps of this length, 1s or more; goes with since.
	Step time.Duration `query:"step"`
}

// TopUsageQuery selects containers of all hosts by what they use.
type TopUsageQuery struct {
	// Any of them.
	Host []string `query:"host"`
	// Ids of containers, 12 digits of each or more; any of them.
	ID []string `query:"id"`
	By string   `query:"by" enum:"cpu,memory" default:"cpu"`
	// How many of them; missing means all.
	Top int `query:"top" minimum:"1" maximum:"100000"`
}

package api

import (
	"time"

	"wharf/dockerx/stats"
	"wharf/service"
)

// rawUsage is what a container uses, in numbers: bytes, bytes a second, nanoseconds, percent.
type rawUsage struct {
	Host           string     `json:"host,omitempty"`
	ID             string     `json:"id"`
	Name           string     `json:"name"`
	Running        bool       `json:"running"`
	CPUPercent     float64    `json:"cpu_percent"`      // 100 = one core busy
	HostCPUPercent float64    `json:"host_cpu_percent"` // 100 = every core busy
	CPUTotal       uint64     `json:"cpu_total"`        // nanoseconds since the container's start
	MemoryUsage    uint64     `json:"memory_usage"`
	MemoryLimit    uint64     `json:"memory_limit"`
	MemoryPercent  float64    `json:"memory_percent"`
	NetworkRx      uint64     `json:"network_rx"`
	NetworkTx      uint64     `json:"network_tx"`
	NetworkRxRate  float64    `json:"network_rx_rate"`
	NetworkTxRate  float64    `json:"network_tx_rate"`
	BlockRead      uint64     `json:"block_read"`
	BlockWrite     uint64     `json:"block_write"`
	BlockReadRate  float64    `json:"block_read_rate"`
	BlockWriteRate float64    `json:"block_write_rate"`
	Pids           uint64     `json:"pids"`
	SampledAt      *time.Time `json:"sampled_at"` // null where there is no sample
	// History is there where it was asked for, oldest first.
	History *[]rawPoint `json:"history,omitempty"`
}

// rawPoint is one point of a container's past.
type rawPoint struct {
	At             time.Time `json:"at"`
	CPUPercent     float64   `json:"cpu_percent"`
	MemoryUsage    uint64    `json:"memory_usage"`
	NetworkRxRate  float64   `json:"network_rx_rate"`
	NetworkTxRate  float64   `json:"network_tx_rate"`
	BlockReadRate  float64   `json:"block_read_rate"`
	BlockWriteRate float64   `json:"block_write_rate"`
	Pids           uint64    `json:"pids"`
}

// hostUsageData is what all containers of a host use, running or not, in the host's order.
type hostUsageData struct {
	SampledAt  *time.Time `json:"sampled_at"`
	Partial    bool       `json:"partial"`
	Containers []rawUsage `json:"containers"`
}

// topUsageData is what the containers of all hosts use, the largest first.
type topUsageData struct {
	Partial    bool        `json:"partial"`
	Containers []rawUsage  `json:"containers"`
	Hosts      []hostUsage `json:"hosts"`
}

// hostUsage is what the containers of a host that the caller may see use together.
type hostUsage struct {
	hostAnswer
	CPUPercent  float64 `json:"cpu_percent"` // 100 = one core busy
	MemoryUsage uint64  `json:"memory_usage"`
}

func hostUsages(answers []service.Answer, all []service.HostedUsage) []hostUsage {
	rows, at := make([]hostUsage, len(answers)), map[string]int{}
	for i, answer := range hostAnswers(answers) {
		rows[i].hostAnswer, at[answer.Host] = answer, i
	}
	for _, u := range all {
		row := &rows[at[u.Host]]
		row.CPUPercent += u.CPUPercent
		row.MemoryUsage += u.MemoryUsage
	}
	for i := range rows {
		rows[i].CPUPercent = round2(rows[i].CPUPercent)
	}
	return rows
}

func rawOf(u stats.Usage) rawUsage {
	return rawUsage{
		ID: u.ID, Name: u.Name, Running: u.Running,
		CPUPercent: round2(u.CPUPercent), HostCPUPercent: round2(u.HostCPUPercent), CPUTotal: u.CPUTotal,
		MemoryUsage: u.MemoryUsage, MemoryLimit: u.MemoryLimit, MemoryPercent: round2(u.MemoryPercent),
		NetworkRx: u.NetworkRx, NetworkTx: u.NetworkTx, NetworkRxRate: round2(u.NetworkRxRate), NetworkTxRate: round2(u.NetworkTxRate),
		BlockRead: u.BlockRead, BlockWrite: u.BlockWrite, BlockReadRate: round2(u.BlockReadRate), BlockWriteRate: round2(u.BlockWriteRate),
		Pids: u.Pids, SampledAt: momentOf(u.SampledAt),
	}
}

// rawSnapshot renders a host's rows, with their past where there is one.
func rawSnapshot(snap *stats.Snapshot, past map[string][]stats.Point) hostUsageData {
	data := hostUsageData{SampledAt: momentOf(snap.SampledAt), Partial: snap.Partial, Containers: make([]rawUsage, len(snap.Usages))}
	for i, u := range snap.Usages {
		data.Containers[i] = rawOf(u)
		if past != nil {
			data.Containers[i].History = rawPoints(past[u.ID])
		}
	}
	return data
}

func rawPoints(points []stats.Point) *[]rawPoint {
	rows := make([]rawPoint, len(points))
	for i, p := range points {
		rows[i] = rawPoint{
			At: p.At.UTC(), CPUPercent: round2(p.CPUPercent), MemoryUsage: p.MemoryUsage,
			NetworkRxRate: round2(p.NetworkRxRate), NetworkTxRate: round2(p.NetworkTxRate),
			BlockReadRate: round2(p.BlockReadRate), BlockWriteRate: round2(p.BlockWriteRate), Pids: p.Pids,
		}
	}
	return &rows
}

// momentOf is a time as JSON shows it, nil for none.
func momentOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

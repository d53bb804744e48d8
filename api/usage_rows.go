package api

import (
	"time"

	"wharf/api/dto"
	"wharf/dockerx/stats"
	"wharf/service"
)

func rawOf(u stats.Usage) dto.Usage {
	return dto.Usage{
		ID: u.ID, Name: u.Name, Running: u.Running,
		CPUPercent: round2(u.CPUPercent), HostCPUPercent: round2(u.HostCPUPercent), CPUTotal: u.CPUTotal,
		MemoryUsage: u.MemoryUsage, MemoryLimit: u.MemoryLimit, MemoryPercent: round2(u.MemoryPercent),
		NetworkRx: u.NetworkRx, NetworkTx: u.NetworkTx, NetworkRxRate: round2(u.NetworkRxRate), NetworkTxRate: round2(u.NetworkTxRate),
		BlockRead: u.BlockRead, BlockWrite: u.BlockWrite, BlockReadRate: round2(u.BlockReadRate), BlockWriteRate: round2(u.BlockWriteRate),
		Pids: u.Pids, SampledAt: momentOf(u.SampledAt),
	}
}

// rawSnapshot renders a host's rows, with their past where there is one.
func rawSnapshot(snap *stats.Snapshot, past map[string][]stats.Point) dto.HostUsage {
	data := dto.HostUsage{SampledAt: momentOf(snap.SampledAt), Partial: snap.Partial, Containers: make([]dto.Usage, len(snap.Usages))}
	for i, u := range snap.Usages {
		data.Containers[i] = rawOf(u)
		if past != nil {
			data.Containers[i].History = rawPoints(past[u.ID])
		}
	}
	return data
}

func rawPoints(points []stats.Point) *[]dto.UsagePoint {
	rows := make([]dto.UsagePoint, len(points))
	for i, p := range points {
		rows[i] = dto.UsagePoint{
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

// hostSums are what the containers of each host use together.
func hostSums(answers []service.HostResult, all []service.HostedUsage) []dto.HostSum {
	rows, at := make([]dto.HostSum, len(answers)), map[string]int{}
	for i, answer := range hostAnswers(answers) {
		rows[i].HostAnswer, at[answer.Host] = answer, i
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

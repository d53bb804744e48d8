package usage

import (
	"slices"
	"strings"
	"time"

	"wharf/api/dto"
	"wharf/dockerx/stats"
	"wharf/service"
)

// Row returns a container's usage as numbers. past is its history, nil if that wasn't requested.
func Row(u stats.Usage, past *[]dto.UsagePoint) dto.Usage {
	return dto.Usage{
		ID: u.ID, Name: u.Name, Running: u.Running,
		CPUPercent: round2(u.CPUPercent), HostCPUPercent: round2(u.HostCPUPercent), CPUTotal: u.CPUTotal,
		MemoryUsage: u.MemoryUsage, MemoryLimit: u.MemoryLimit, MemoryPercent: round2(u.MemoryPercent),
		NetworkRx: u.NetworkRx, NetworkTx: u.NetworkTx, NetworkRxRate: round2(u.NetworkRxRate), NetworkTxRate: round2(u.NetworkTxRate),
		BlockRead: u.BlockRead, BlockWrite: u.BlockWrite, BlockReadRate: round2(u.BlockReadRate), BlockWriteRate: round2(u.BlockWriteRate),
		Pids: u.Pids, SampledAt: momentOf(u.SampledAt), History: past,
	}
}

// Snapshot returns the rows of a host. past is the containers' history by id, nil if that wasn't requested.
func Snapshot(snap *stats.Snapshot, past map[string][]stats.Point) dto.HostUsage {
	data := dto.HostUsage{SampledAt: momentOf(snap.SampledAt), Partial: snap.Partial, Containers: make([]dto.Usage, len(snap.Usages))}
	for i, u := range snap.Usages {
		var points *[]dto.UsagePoint
		if past != nil {
			points = Points(past[u.ID])
		}
		data.Containers[i] = Row(u, points)
	}
	return data
}

// Points returns a container's history. It is never nil: if the history was requested, the answer has the list, even if empty.
func Points(points []stats.Point) *[]dto.UsagePoint {
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

// momentOf returns a time as JSON shows it, nil for the zero time.
func momentOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// Top returns the containers of several hosts that a query selects, in the query's order, and the sums of each host. It reorders
// all. Each container's host must be among answers. partial reports whether numbers are missing.
func Top(q dto.TopUsageQuery, all []service.HostedUsage, partial bool, answers []dto.HostAnswer) dto.TopUsage {
	data := dto.TopUsage{Partial: partial, Hosts: sums(answers, all)}
	all = slices.DeleteFunc(all, func(u service.HostedUsage) bool {
		return len(q.ID) > 0 && !slices.ContainsFunc(q.ID, func(id string) bool { return strings.HasPrefix(u.ID, id) })
	})
	slices.SortFunc(all, service.UsageOrder(q.By))
	if q.Top > 0 && len(all) > q.Top {
		all = all[:q.Top]
	}
	data.Containers = make([]dto.Usage, len(all))
	for i, u := range all {
		data.Containers[i] = Row(u.Usage, nil)
		data.Containers[i].Host = u.Host
	}
	return data
}

// sums returns the total usage of each host's containers.
func sums(answers []dto.HostAnswer, all []service.HostedUsage) []dto.HostSum {
	rows, at := make([]dto.HostSum, len(answers)), map[string]int{}
	for i, answer := range answers {
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

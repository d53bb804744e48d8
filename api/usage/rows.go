package usage

import (
	"slices"
	"strings"
	"time"

	"wharf/api/dto"
	"wharf/dockerx/stats"
	"wharf/service"
)

// Row is what a container uses, as numbers. past is what it used before, nil where that isn't asked for.
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

// Snapshot is a host's rows. past is what each container used before, by id, nil where that isn't asked for.
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

// Points is what a container used before. It is never nil: an answer has the list, if empty, where the past was asked for.
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

// momentOf is a time as JSON shows it, nil for none.
func momentOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// Top is the containers of several hosts that a query selects, in its order, and what those of each host use together. It
// changes the order of all. Each container's host is among answers; partial says whether numbers are missing.
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

// sums is what the containers of each host use together.
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

package api

import (
	"net/http"
	"strconv"
	"time"

	"wharf/api/dto"
	"wharf/dockerx/stats"
	"wharf/service"
)

func rowOf(u stats.Usage) dto.UsageText {
	return dto.UsageText{
		ID: shortID(u.ID), Name: u.Name, CPUPercent: round2(u.CPUPercent),
		MemoryUsage: memoryText(u.MemoryUsage), MemoryLimit: memoryText(u.MemoryLimit), MemoryPercent: round2(u.MemoryPercent),
		NetworkRx: networkText(u.NetworkRx), NetworkTx: networkText(u.NetworkTx),
	}
}

func (s *Server) containerUsage(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	h, ref, err := s.openContainer(r, actor)
	if err != nil {
		return err
	}
	u, err := h.Usage(r.Context(), ref)
	if err != nil {
		return err
	}
	setSampled(w, u.SampledAt)
	return respondData(w, rowOf(u))
}

func (s *Server) hostUsage(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), service.View)
	if err != nil {
		return err
	}
	snap, err := h.UsageAll(r.Context())
	if err != nil {
		return err
	}
	setSnapshot(w, snap)
	return respondBody(w, http.StatusOK, snap.Get("stat3", func() []byte { return encodeUsages(snap.Usages) }))
}

// encodeUsages renders the contract's map, keyed by the 12-character id.
func encodeUsages(usages []stats.Usage) []byte {
	rows := make(map[string]dto.UsageText, len(usages))
	for _, u := range usages {
		rows[shortID(u.ID)] = rowOf(u)
	}
	return encodeData(rows)
}

// setSnapshot says when the numbers were taken, and whether some are missing.
func setSnapshot(w http.ResponseWriter, snap *stats.Snapshot) {
	setSampled(w, snap.SampledAt)
	if snap.Partial {
		w.Header().Set("X-Partial", "true")
	}
}

// setSampled says when the numbers were taken, and how many seconds ago.
func setSampled(w http.ResponseWriter, at time.Time) {
	if at.IsZero() {
		return
	}
	w.Header().Set("X-Sampled-At", at.UTC().Format(time.RFC3339Nano))
	age := max(0, time.Since(at).Seconds())
	w.Header().Set("X-Sample-Age", strconv.FormatFloat(age, 'f', 3, 64))
}

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

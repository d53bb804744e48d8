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

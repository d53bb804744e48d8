package api

import (
	"net/http"
	"strconv"
	"time"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/api/usage"
	"wharf/dockerx/stats"
	"wharf/service"
)

// containerUsage answers GET /stat2/{host}/{id}, with the contract's texts.
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
	return respondData(w, usage.Text(u))
}

// hostUsage answers GET /stat3/{host}, with the contract's texts.
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
	return respondBody(w, http.StatusOK, snap.Get("stat3", func() []byte { return encodeData(usage.Texts(snap.Usages)) }))
}

// setSnapshot sets the headers that report when the numbers were sampled and whether some are missing.
func setSnapshot(w http.ResponseWriter, snap *stats.Snapshot) {
	setSampled(w, snap.SampledAt)
	if snap.Partial {
		w.Header().Set("X-Partial", "true")
	}
}

// setSampled sets the headers with the time of the sample and its age in seconds.
func setSampled(w http.ResponseWriter, at time.Time) {
	if at.IsZero() {
		return
	}
	w.Header().Set("X-Sampled-At", at.UTC().Format(time.RFC3339Nano))
	age := max(0, time.Since(at).Seconds())
	w.Header().Set("X-Sample-Age", strconv.FormatFloat(age, 'f', 3, 64))
}

// hostRawUsage answers GET /v1/hosts/{host}/stats with numbers: the current usage, with its history if since is set, or an event
// stream of new samples.
func (s *Server) hostRawUsage(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.UsageQuery) error {
	if err := usage.CheckPast(q); err != nil {
		return err
	}
	h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), service.View)
	switch {
	case err != nil:
		return err
	case stream.Wanted(r, stream.SSE):
		return s.streamUsage(w, r, actor, usage.HostSource(h.UsageStream))
	case q.Since > 0:
		return s.hostPast(w, r, h, q)
	}
	snap, err := h.UsageAll(r.Context())
	if err != nil {
		return err
	}
	setSnapshot(w, snap)
	return respondBody(w, http.StatusOK, snap.Get("v1", func() []byte { return encodeData(usage.Snapshot(snap, nil)) }))
}

func (s *Server) hostPast(w http.ResponseWriter, r *http.Request, h *service.Host, q dto.UsageQuery) error {
	snap, points, err := h.UsageHistoryAll(r.Context(), q.Since, q.Step)
	if err != nil {
		return err
	}
	setSnapshot(w, snap)
	return respondData(w, usage.Snapshot(snap, points))
}

// containerRawUsage answers GET /v1/hosts/{host}/containers/{id}/stats in the same way, for one container.
func (s *Server) containerRawUsage(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.UsageQuery) error {
	if err := usage.CheckPast(q); err != nil {
		return err
	}
	h, ref, err := s.openContainer(r, actor)
	if err != nil {
		return err
	}
	if stream.Wanted(r, stream.SSE) {
		samples, err := h.UsageStreamOf(r.Context(), ref)
		if err != nil {
			return err
		}
		return s.streamUsage(w, r, actor, usage.ContainerSource(samples))
	}
	if q.Since == 0 {
		u, err := h.Usage(r.Context(), ref)
		if err != nil {
			return err
		}
		setSampled(w, u.SampledAt)
		return respondData(w, usage.Row(u, nil))
	}
	u, points, err := h.UsageHistory(r.Context(), ref, q.Since, q.Step)
	if err != nil {
		return err
	}
	setSampled(w, u.SampledAt)
	return respondData(w, usage.Row(u, usage.Points(points)))
}

// streamUsage streams samples. A slow client misses some of them.
func (s *Server) streamUsage(w http.ResponseWriter, r *http.Request, actor service.Actor, samples stream.Source) error {
	o := s.streamOptions(actor)
	o.Buffer = 1
	return s.streams.Serve(w, r, o, samples)
}

// topUsage answers GET /v1/stats with the containers of all hosts, highest usage first.
func (s *Server) topUsage(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.TopUsageQuery) error {
	if err := usage.CheckIDs(q.ID); err != nil {
		return err
	}
	all, partial, answers, err := s.hosts.Usage(r.Context(), actor, q.Host)
	if err != nil {
		return err
	}
	if partial {
		w.Header().Set("X-Partial", "true")
	}
	return respondData(w, usage.Top(q, all, partial, hostAnswers(answers)))
}

package api

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"wharf/dockerx/stats"
	"wharf/service"
)

// span is how much of the past is asked for. Zero: none.
type span struct{ since, step time.Duration }

func spanOf(q *query) span {
	p := span{since: q.duration("since", 0), step: q.duration("step", 0)}
	switch {
	case p.step > 0 && p.step < time.Second:
		q.bad("step: expected 1s or more")
	case p.step > 0 && p.since == 0:
		q.bad("step: goes with since")
	}
	return p
}

// hostRawUsage answers GET /v1/hosts/{host}/stats: numbers, with since their past as well, and as an
// event stream each new sample.
func (s *Server) hostRawUsage(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	q := queryOf(r)
	past := spanOf(q)
	if err := q.err(); err != nil {
		return err
	}
	h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), service.View)
	switch {
	case err != nil:
		return err
	case wantsStream(r):
		return s.streamUsage(w, r, actor, frames(h.UsageStream, encodeSnapshot))
	case past.since > 0:
		return s.hostPast(w, r, h, past)
	}
	snap, err := h.UsageAll(r.Context())
	if err != nil {
		return err
	}
	setSnapshot(w, snap)
	return respondBody(w, http.StatusOK, snap.Get("v1", func() []byte { return encodeData(rawSnapshot(snap, nil)) }))
}

func (s *Server) hostPast(w http.ResponseWriter, r *http.Request, h *service.Host, past span) error {
	snap, points, err := h.UsageHistoryAll(r.Context(), past.since, past.step)
	if err != nil {
		return err
	}
	setSnapshot(w, snap)
	return respondData(w, rawSnapshot(snap, points))
}

// containerRawUsage answers GET /v1/hosts/{host}/containers/{id}/stats likewise, for one container.
func (s *Server) containerRawUsage(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	q := queryOf(r)
	past := spanOf(q)
	if err := q.err(); err != nil {
		return err
	}
	h, ref, err := s.openContainer(r, actor)
	if err != nil {
		return err
	}
	if wantsStream(r) {
		stream, err := h.UsageStreamOf(r.Context(), ref)
		if err != nil {
			return err
		}
		return s.streamUsage(w, r, actor, frames(stream, func(u stats.Usage) []byte { return encode(rawOf(u)) }))
	}
	if past.since == 0 {
		u, err := h.Usage(r.Context(), ref)
		if err != nil {
			return err
		}
		setSampled(w, u.SampledAt)
		return respondData(w, rawOf(u))
	}
	u, points, err := h.UsageHistory(r.Context(), ref, past.since, past.step)
	if err != nil {
		return err
	}
	setSampled(w, u.SampledAt)
	row := rawOf(u)
	row.History = rawPoints(points)
	return respondData(w, row)
}

// idStart is a container's id, or a beginning of it that names one.
var idStart = regexp.MustCompile(`^[0-9a-f]{12,64}$`)

// topUsage answers GET /v1/stats: the containers of all hosts, those that use most first.
func (s *Server) topUsage(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	q := queryOf(r)
	hosts, by := q.list("host"), q.choice("by", "cpu", "memory")
	top, ids := q.number("top", 0, 1, 100_000), q.list("id")
	for _, id := range ids {
		if !idStart.MatchString(id) {
			q.bad("id: expected 12 to 64 hexadecimal digits")
		}
	}
	if err := q.err(); err != nil {
		return err
	}
	all, partial, answers, err := s.hosts.Usage(r.Context(), actor, hosts)
	if err != nil {
		return err
	}
	data := topUsageData{Partial: partial, Hosts: hostUsages(answers, all)}
	all = slices.DeleteFunc(all, func(u service.HostedUsage) bool {
		return len(ids) > 0 && !slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(u.ID, id) })
	})
	slices.SortFunc(all, service.UsageOrder(by))
	if top > 0 && len(all) > top {
		all = all[:top]
	}
	data.Containers = make([]rawUsage, len(all))
	for i, u := range all {
		data.Containers[i] = rawOf(u.Usage)
		data.Containers[i].Host = u.Host
	}
	if partial {
		w.Header().Set("X-Partial", "true")
	}
	return respondData(w, data)
}

func encodeSnapshot(snap *stats.Snapshot) []byte {
	return snap.Get("frame", func() []byte { return encode(rawSnapshot(snap, nil)) })
}

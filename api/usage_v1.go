package api

import (
	"context"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/dockerx/stats"
	"wharf/service"
	"wharf/util/apperr"
)

// pastOf checks how much of the past is asked for. Errors: Invalid.
func pastOf(q dto.UsageQuery) (dto.UsageQuery, error) {
	switch {
	case q.Step > 0 && q.Step < time.Second:
		return q, apperr.New(apperr.Invalid, "step: expected 1s or more")
	case q.Step > 0 && q.Since == 0:
		return q, apperr.New(apperr.Invalid, "step: goes with since")
	}
	return q, nil
}

// hostRawUsage answers GET /v1/hosts/{host}/stats: numbers, with since their past as well, and as an
// event stream each new sample.
func (s *Server) hostRawUsage(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.UsageQuery) error {
	past, err := pastOf(q)
	if err != nil {
		return err
	}
	h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), service.View)
	switch {
	case err != nil:
		return err
	case stream.Wanted(r, stream.SSE):
		return streamUsage(s, w, r, actor, h.UsageStream, encodeSnapshot)
	case past.Since > 0:
		return s.hostPast(w, r, h, past)
	}
	snap, err := h.UsageAll(r.Context())
	if err != nil {
		return err
	}
	setSnapshot(w, snap)
	return respondBody(w, http.StatusOK, snap.Get("v1", func() []byte { return encodeData(rawSnapshot(snap, nil)) }))
}

func (s *Server) hostPast(w http.ResponseWriter, r *http.Request, h *service.Host, past dto.UsageQuery) error {
	snap, points, err := h.UsageHistoryAll(r.Context(), past.Since, past.Step)
	if err != nil {
		return err
	}
	setSnapshot(w, snap)
	return respondData(w, rawSnapshot(snap, points))
}

// containerRawUsage answers GET /v1/hosts/{host}/containers/{id}/stats likewise, for one container.
func (s *Server) containerRawUsage(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.UsageQuery) error {
	past, err := pastOf(q)
	if err != nil {
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
		return streamUsage(s, w, r, actor, samples, func(u stats.Usage) []byte { return stream.Encode(rawOf(u)) })
	}
	if past.Since == 0 {
		u, err := h.Usage(r.Context(), ref)
		if err != nil {
			return err
		}
		setSampled(w, u.SampledAt)
		return respondData(w, rawOf(u))
	}
	u, points, err := h.UsageHistory(r.Context(), ref, past.Since, past.Step)
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
func (s *Server) topUsage(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.TopUsageQuery) error {
	for _, id := range q.ID {
		if !idStart.MatchString(id) {
			return apperr.New(apperr.Invalid, "id: expected 12 to 64 hexadecimal digits")
		}
	}
	all, partial, answers, err := s.hosts.Usage(r.Context(), actor, q.Host)
	if err != nil {
		return err
	}
	data := dto.TopUsage{Partial: partial, Hosts: hostSums(answers, all)}
	all = slices.DeleteFunc(all, func(u service.HostedUsage) bool {
		return len(q.ID) > 0 && !slices.ContainsFunc(q.ID, func(id string) bool { return strings.HasPrefix(u.ID, id) })
	})
	slices.SortFunc(all, service.UsageOrder(q.By))
	if q.Top > 0 && len(all) > q.Top {
		all = all[:q.Top]
	}
	data.Containers = make([]dto.Usage, len(all))
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
	return snap.Get("frame", func() []byte { return stream.Encode(rawSnapshot(snap, nil)) })
}

// streamUsage sends each new sample as an event "stats", and as "stats-error" why there is none. A client that takes
// long misses samples. encode returns JSON, which may be shared.
func streamUsage[T any](
	s *Server, w http.ResponseWriter, r *http.Request, actor service.Actor,
	samples func(ctx context.Context) iter.Seq2[T, error], encode func(T) []byte,
) error {
	o := s.streamOptions(actor)
	o.Buffer = 1
	return s.streams.Serve(w, r, o, func(ctx context.Context, out *stream.Writer) error {
		for sample, err := range samples(ctx) {
			item := stream.Item{Event: "stats"}
			if err != nil {
				item = stream.Item{Event: "stats-error", Data: encodeFailure(err)}
			} else {
				item.Data = encode(sample)
			}
			if err := out.Send(item); err != nil {
				return err
			}
		}
		return nil
	})
}

func encodeFailure(err error) []byte { return stream.Encode(dto.Failure{Message: apperr.Reason(err)}) }

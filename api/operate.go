package api

import (
	"net/http"

	"wharf/dockerx"
	"wharf/service"
)

type operated struct {
	Changed bool   `json:"changed"` // false: it was so already
	Before  string `json:"before"`  // state: running, exited, paused, …
	After   string `json:"after"`
	// Reached tells, where something was waited for, whether it came about in time.
	Reached *bool `json:"reached,omitempty"`
}

// operate answers POST /v1/hosts/{host}/containers/{id}/<verb>.
func (s *Server) operate(verb string) handler {
	return func(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
		q := queryOf(r)
		order := dockerx.Order{
			Verb: verb, Signal: q.text("signal"), Wait: q.text("wait"), Limit: q.duration("limit", 0),
		}
		if q.has("timeout") {
			seconds := q.number("timeout", 0, -1, 3600)
			order.Timeout = &seconds
		}
		if err := q.err(); err != nil {
			return err
		}
		ref, err := dockerx.ParseRef(pathParam(r, "id"))
		if err != nil {
			return err
		}
		h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), service.Operate)
		if err != nil {
			return err
		}
		authorize := func() error { return h.Authorize(r.Context(), verb, ref) }
		return s.once(w, r, actor, authorize, func() ([]byte, error) {
			change, err := h.Operate(r.Context(), ref, order)
			if err != nil {
				return nil, err
			}
			out := operated{Changed: change.Changed, Before: change.Before.Status, After: change.After.Status}
			if order.Wait != "" {
				out.Reached = &change.Reached
			}
			return encodeData(out), nil
		})
	}
}

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

// operate answers POST /v1/hosts/{host}/containers/{id}/<name>.
func (s *Server) operate(name string) handler {
	return func(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
		q := queryOf(r)
		operation := dockerx.Operation{
			Name: name, Signal: q.text("signal"), Wait: q.text("wait"), Limit: q.duration("limit", 0),
		}
		if q.has("timeout") {
			seconds := q.number("timeout", 0, -1, 3600)
			operation.Timeout = &seconds
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
		authorize := func() error { return h.Authorize(r.Context(), name, ref) }
		return s.once(w, r, actor, authorize, func() ([]byte, error) {
			result, err := h.Operate(r.Context(), ref, operation)
			if err != nil {
				return nil, err
			}
			out := operated{Changed: result.Changed, Before: result.Before.Status, After: result.After.Status}
			if operation.Wait != "" {
				out.Reached = &result.Reached
			}
			return encodeData(out), nil
		})
	}
}

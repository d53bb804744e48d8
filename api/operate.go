package api

import (
	"net/http"

	"wharf/api/dto"
	"wharf/dockerx"
	"wharf/service"
)

// operate answers POST /v1/hosts/{host}/containers/{id}/<name>.
func (s *Server) operate(name string) func(http.ResponseWriter, *http.Request, service.Actor, dto.OperationQuery) error {
	return func(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.OperationQuery) error {
		operation := dockerx.Operation{
			Name: name, Signal: q.Signal, Wait: q.Wait, Limit: q.Limit, Timeout: q.Timeout,
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
			out := dto.OperationResult{Changed: result.Changed, Before: result.Before.Status, After: result.After.Status}
			if operation.Wait != "" {
				out.Reached = &result.Reached
			}
			return encodeData(out), nil
		})
	}
}

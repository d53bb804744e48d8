package api

import (
	"net/http"

	"wharf/api/dto"
	"wharf/dockerx"
	"wharf/service"
)

// operateStrictly answers /start2 and /stop2: the operation on the container that the body names, and "" as
// the contract says. That there was nothing to do is a conflict there.
func (s *Server) operateStrictly(name string) func(http.ResponseWriter, *http.Request, service.Actor, dto.Target) error {
	return func(w http.ResponseWriter, r *http.Request, actor service.Actor, in dto.Target) error {
		if err := required(param{"id", in.ID}, param{"host", in.Host}); err != nil {
			return err
		}
		ref, err := dockerx.ParseRef(in.ID)
		if err != nil {
			return err
		}
		h, err := s.hosts.Open(r.Context(), actor, in.Host, service.PermissionOf(name))
		if err != nil {
			return err
		}
		if _, err := h.Operate(r.Context(), ref, dockerx.Operation{Name: name, Strict: true}); err != nil {
			return err
		}
		return respondBare(w, "")
	}
}

package api

import (
	"net/http"

	"wharf/api/dto"
	"wharf/service"
)

func (s *Server) listProcesses(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	h, ref, err := s.openContainer(r, actor)
	if err != nil {
		return err
	}
	p, err := h.Processes(r.Context(), ref)
	if err != nil {
		return err
	}
	return respondData(w, dto.Processes{Titles: p.Titles, Processes: p.Rows})
}

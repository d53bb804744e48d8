package api

import (
	"net/http"

	"wharf/service"
	"wharf/util/apperr"
)

// healthz reports that the process answers requests. It depends on nothing else.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request, _ service.Actor) error {
	return respondData(w, "ok")
}

// readyz reports whether requests can be served: the database answers and the server isn't stopping. Unreachable Docker hosts
// don't count.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request, _ service.Actor) error {
	if err := s.ready(r.Context()); err != nil {
		return apperr.Wrap(apperr.NotReady, err, "not ready")
	}
	return respondData(w, "ready")
}

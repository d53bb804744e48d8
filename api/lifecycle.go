package api

import (
	"context"
	"net/http"

	"wharf/dockerx"
	"wharf/service"
)

type target struct {
	ID   string `json:"id"`
	Host string `json:"host"`
}

func (s *Server) startContainer(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	return s.change(w, r, actor, (*service.Host).Start)
}

func (s *Server) stopContainer(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	return s.change(w, r, actor, (*service.Host).Stop)
}

// change does something to the container that the body names and answers "", as the contract says.
func (s *Server) change(w http.ResponseWriter, r *http.Request, actor service.Actor,
	do func(*service.Host, context.Context, dockerx.Ref) error,
) error {
	var in target
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required(param{"id", in.ID}, param{"host", in.Host}); err != nil {
		return err
	}
	ref, err := dockerx.ParseRef(in.ID)
	if err != nil {
		return err
	}
	h, err := s.hosts.Open(r.Context(), actor, in.Host, service.Operate)
	if err != nil {
		return err
	}
	if err := do(h, r.Context(), ref); err != nil {
		return err
	}
	return respondBare(w, "")
}

package api

import (
	"net/http"

	"wharf/api/dto"
	"wharf/dockerx"
	"wharf/service"
)

func (s *Server) listContainers(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), service.View)
	if err != nil {
		return err
	}
	list, err := h.Containers(r.Context())
	if err != nil {
		return err
	}
	body := list.Get("ps2", func() []byte { return encodeData(containerRows(list.Containers)) })
	return respondBody(w, http.StatusOK, body)
}

func containerRows(containers []dockerx.Container) []dto.Container {
	rows := make([]dto.Container, len(containers))
	for i, c := range containers {
		rows[i] = dto.Container{ID: shortID(c.ID), Name: c.Name, Image: c.Image, State: c.State, Status: c.Status}
	}
	return rows
}

// shortID is the 12 characters by which people know a container.
func shortID(id string) string { return id[:min(len(id), 12)] }

// openContainer reads the {host} and {id} of a route that shows one container. The id is checked before the
// host is looked up, so that a malformed one is 400 wherever it is sent. Routes that change a container use
// operate or operateStrictly instead, which ask for the permission.
func (s *Server) openContainer(r *http.Request, actor service.Actor) (*service.Host, dockerx.Ref, error) {
	ref, err := dockerx.ParseRef(pathParam(r, "id"))
	if err != nil {
		return nil, ref, err
	}
	h, err := s.hosts.Open(r.Context(), actor, pathParam(r, "host"), service.View)
	return h, ref, err
}

package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/dockerx/containers"
	"wharf/service"
	"wharf/util/apperr"
)

// listAllContainers answers GET /v1/containers.
func (s *Server) listAllContainers(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.AllContainersQuery) error {
	page, _, err := s.containerPage(r, actor, q.Host, q.ContainerQuery)
	if err != nil {
		return err
	}
	return respondData(w, page)
}

// listHostContainers answers GET /v1/hosts/{host}/containers.
func (s *Server) listHostContainers(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.ContainerQuery) error {
	page, answers, err := s.containerPage(r, actor, []string{pathParam(r, "host")}, q)
	switch {
	case err != nil:
		return err
	case answers[0].Err != nil:
		return answers[0].Err
	}
	return respondData(w, page)
}

// containerPage lists the containers that match the query, on the given hosts or on all if none is given.
func (s *Server) containerPage(r *http.Request, actor service.Actor, hosts []string, q dto.ContainerQuery) (dto.ContainerPage, []service.HostResult, error) {
	after, err := readCursor(q.Cursor)
	if err != nil {
		return dto.ContainerPage{}, nil, err
	}
	found, err := s.hosts.ContainerPage(r.Context(), actor, service.ContainerQuery{
		ContainerFilter: service.ContainerFilter{
			Hosts: hosts, States: q.State, Names: q.Name, Images: q.Image, Labels: q.Label, Text: q.Text,
		},
		Order: q.Sort, After: after, Limit: q.Limit,
	})
	if err != nil {
		return dto.ContainerPage{}, nil, err
	}
	page := containersOf(found)
	if q.Update {
		for i, u := range s.hosts.Updates(r.Context(), actor, found.Containers) {
			page.Containers[i].Update = &dto.ContainerUpdate{
				State: string(u.State), Digest: u.Digest, Reason: string(u.Reason), CheckedAt: present(u.Checked),
			}
		}
	}
	return page, found.Hosts, nil
}

// readCursor returns the last container of the previous page, with all fields that the sort orders use: its place is found
// even if the container no longer exists. It returns nil if there is no cursor.
func readCursor(text string) (*service.HostedContainer, error) {
	if text == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var row dto.HostedContainer
	if err != nil || json.Unmarshal(raw, &row) != nil {
		return nil, apperr.New(apperr.Invalid, "cursor: not one of ours")
	}
	return &service.HostedContainer{Host: row.Host, Container: containers.Container{
		ID: row.ID, Name: row.Name, Image: row.Image, State: row.State, Created: row.Created,
	}}, nil
}

func writeCursor(last service.HostedContainer) string {
	row := rowOfHosted(last)
	row.Labels, row.Status = nil, ""
	return base64.RawURLEncoding.EncodeToString(stream.Encode(row))
}

func containersOf(found *service.ContainerPage) dto.ContainerPage {
	page := dto.ContainerPage{Containers: make([]dto.HostedContainer, len(found.Containers)), Hosts: hostAnswers(found.Hosts)}
	for i, c := range found.Containers {
		page.Containers[i] = rowOfHosted(c)
	}
	if found.More {
		page.Cursor = writeCursor(found.Containers[len(found.Containers)-1])
	}
	return page
}

func rowOfHosted(c service.HostedContainer) dto.HostedContainer {
	return dto.HostedContainer{
		Host: c.Host, ID: c.ID, Name: c.Name, Image: c.Image, State: c.State, Status: c.Status,
		Created: c.Created, Labels: c.Labels,
	}
}

func hostAnswers(answers []service.HostResult) []dto.HostAnswer {
	rows := make([]dto.HostAnswer, len(answers))
	for i, a := range answers {
		rows[i] = dto.HostAnswer{Host: a.Host, OK: a.Err == nil, Error: apperr.Reason(a.Err)}
	}
	return rows
}

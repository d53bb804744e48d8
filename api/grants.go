package api

import (
	"net/http"

	"wharf/api/dto"
	"wharf/service"
)

func rowOfGrant(g service.Grant) dto.Grant {
	return dto.Grant{
		ID: g.ID.String(), Username: g.Username, Hosts: g.Hosts, Labels: g.Labels, Role: dto.Role(g.Role), Exec: g.Exec,
		CreatedBy: g.CreatedBy, CreatedAt: g.CreatedAt,
	}
}

func (s *Server) listGrants(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.GrantQuery) error {
	grants, next, err := s.users.Grants(r.Context(), actor, q.Username, pageOf(q.PageQuery))
	if err != nil {
		return err
	}
	return respondData(w, dto.GrantPage{Grants: rowsOf(grants, rowOfGrant), Cursor: next})
}

func (s *Server) addGrant(w http.ResponseWriter, r *http.Request, actor service.Actor, in dto.NewGrant) error {
	err := required(param{"username", in.Username}, param{"hosts", in.Hosts}, param{"role", string(in.Role)})
	if err != nil {
		return err
	}
	g, err := s.users.Grant(r.Context(), actor, service.NewGrant{
		Username: in.Username, Hosts: in.Hosts, Labels: in.Labels, Role: service.Role(in.Role), Exec: in.Exec,
	})
	if err != nil {
		return err
	}
	return respondData(w, rowOfGrant(g))
}

func (s *Server) deleteGrant(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.users.Revoke(r.Context(), actor, id); err != nil {
		return err
	}
	return respondData(w, "deleted")
}

package api

import (
	"net/http"
	"time"

	"wharf/service"
)

type grantRow struct {
	ID        string    `json:"id"`
	Username  string    `json:"username,omitempty"`
	Hosts     string    `json:"hosts"`
	Labels    string    `json:"labels"`
	Role      string    `json:"role"`
	CreatedBy string    `json:"created_by,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
}

func rowOfGrant(g service.Grant) grantRow {
	return grantRow{
		ID: g.ID.String(), Username: g.Username, Hosts: g.Hosts, Labels: g.Labels, Role: string(g.Role),
		CreatedBy: g.CreatedBy, CreatedAt: g.CreatedAt,
	}
}

type grantsPage struct {
	Grants []grantRow `json:"grants"`
	Cursor string     `json:"cursor"`
}

func (s *Server) listGrants(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	q := queryOf(r)
	p, username := q.page(), q.text("username")
	if err := q.err(); err != nil {
		return err
	}
	grants, next, err := s.users.Grants(r.Context(), actor, username, p)
	if err != nil {
		return err
	}
	return respondData(w, grantsPage{rowsOf(grants, rowOfGrant), next})
}

type newGrant struct {
	Username string       `json:"username"`
	Hosts    string       `json:"hosts"`  // a name, or a pattern such as prod-*
	Labels   string       `json:"labels"` // a selector such as team=web; empty means all containers
	Role     service.Role `json:"role"`
}

func (s *Server) addGrant(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	var in newGrant
	if err := decode(w, r, &in); err != nil {
		return err
	}
	err := required(param{"username", in.Username}, param{"hosts", in.Hosts}, param{"role", string(in.Role)})
	if err != nil {
		return err
	}
	g, err := s.users.Grant(r.Context(), actor, service.NewGrant(in))
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

package api

import (
	"net/http"
	"time"

	"wharf/service"
)

type keyRow struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Role       string    `json:"role"`
	CreatedAt  time.Time `json:"created_at"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
	Key        string    `json:"key,omitempty"` // in the answer that creates it alone
}

func rowOfKey(k service.APIKey) keyRow {
	return keyRow{
		ID: k.ID.String(), Name: k.Name, Role: string(k.Role), CreatedAt: k.CreatedAt,
		ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt, Key: k.Secret,
	}
}

type keysPage struct {
	Keys   []keyRow `json:"keys"`
	Cursor string   `json:"cursor"`
}

func (s *Server) listKeys(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	q := queryOf(r)
	p := q.page()
	if err := q.err(); err != nil {
		return err
	}
	keys, next, err := s.sessions.Keys(r.Context(), actor, p)
	if err != nil {
		return err
	}
	return respondData(w, keysPage{rowsOf(keys, rowOfKey), next})
}

type newKey struct {
	Name      string       `json:"name"`
	Role      service.Role `json:"role"`       // not above one's own
	ExpiresAt instant      `json:"expires_at"` // missing means never
}

func (s *Server) addKey(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	var in newKey
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required(param{"name", in.Name}, param{"role", string(in.Role)}); err != nil {
		return err
	}
	k, err := s.sessions.CreateKey(r.Context(), actor, service.NewAPIKey{Name: in.Name, Role: in.Role, ExpiresAt: in.ExpiresAt.Time})
	if err != nil {
		return err
	}
	return respondData(w, rowOfKey(k))
}

func (s *Server) deleteKey(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.sessions.DeleteKey(r.Context(), actor, id); err != nil {
		return err
	}
	return respondData(w, "deleted")
}

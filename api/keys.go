package api

import (
	"net/http"

	"wharf/api/dto"
	"wharf/service"
)

func rowOfKey(k service.APIKey) dto.APIKey {
	return dto.APIKey{
		ID: k.ID.String(), Name: k.Name, Role: dto.Role(k.Role), Exec: k.Exec, Scope: string(k.Scope), CreatedAt: k.CreatedAt,
		ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt, Key: k.Secret,
	}
}

func (s *Server) listKeys(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.PageQuery) error {
	keys, next, err := s.sessions.Keys(r.Context(), actor, pageOf(q))
	if err != nil {
		return err
	}
	return respondData(w, dto.APIKeyPage{Keys: rowsOf(keys, rowOfKey), Cursor: next})
}

func (s *Server) addKey(w http.ResponseWriter, r *http.Request, actor service.Actor, in dto.NewAPIKey) error {
	if err := required(param{"name", in.Name}, param{"role", string(in.Role)}); err != nil {
		return err
	}
	k, err := s.sessions.CreateKey(r.Context(), actor, service.NewAPIKey{
		Name: in.Name, Role: service.Role(in.Role), Exec: in.Exec, Scope: service.Scope(in.Scope), ExpiresAt: in.ExpiresAt.Time,
	})
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

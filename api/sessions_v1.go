package api

import (
	"net/http"

	"wharf/api/dto"
	"wharf/service"
)

func rowOfSession(i service.SessionInfo) dto.Session {
	return dto.Session{
		ID: i.ID.String(), Username: i.Username, Address: i.Addr, UserAgent: i.UserAgent,
		CreatedAt: i.CreatedAt, LastUsedAt: i.LastUsedAt, ExpiresAt: i.ExpiresAt, Current: i.Current,
	}
}

func (s *Server) listSessions(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.SessionQuery) error {
	sessions, next, err := s.sessions.List(r.Context(), actor, q.All, pageOf(q.PageQuery))
	if err != nil {
		return err
	}
	return respondData(w, dto.SessionPage{Sessions: rowsOf(sessions, rowOfSession), Cursor: next})
}

func (s *Server) endSession(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.sessions.End(r.Context(), actor, id); err != nil {
		return err
	}
	return respondData(w, "ended")
}

// endOtherSessions answers DELETE /v1/sessions: all of the caller's but this one.
func (s *Server) endOtherSessions(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	n, err := s.sessions.EndOthers(r.Context(), actor)
	if err != nil {
		return err
	}
	return respondData(w, dto.SessionsEnded{Ended: n})
}

package api

import (
	"net/http"
	"time"

	"wharf/service"
)

type sessionRow struct {
	ID         string    `json:"id"`
	Username   string    `json:"username"`
	Address    string    `json:"address"`
	UserAgent  string    `json:"user_agent"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	Current    bool      `json:"current"`
}

func rowOfSession(i service.SessionInfo) sessionRow {
	return sessionRow{
		ID: i.ID.String(), Username: i.Username, Address: i.Addr, UserAgent: i.UserAgent,
		CreatedAt: i.CreatedAt, LastUsedAt: i.LastUsedAt, ExpiresAt: i.ExpiresAt, Current: i.Current,
	}
}

type sessionsPage struct {
	Sessions []sessionRow `json:"sessions"`
	Cursor   string       `json:"cursor"`
}

func (s *Server) listSessions(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	q := queryOf(r)
	p, all := q.page(), q.flag("all")
	if err := q.err(); err != nil {
		return err
	}
	sessions, next, err := s.sessions.List(r.Context(), actor, all, p)
	if err != nil {
		return err
	}
	return respondData(w, sessionsPage{rowsOf(sessions, rowOfSession), next})
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

type ended struct {
	Ended int64 `json:"ended"`
}

// endOtherSessions answers DELETE /v1/sessions: all of the caller's but this one.
func (s *Server) endOtherSessions(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	n, err := s.sessions.EndOthers(r.Context(), actor)
	if err != nil {
		return err
	}
	return respondData(w, ended{n})
}

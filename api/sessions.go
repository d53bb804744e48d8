package api

import (
	"net/http"
	"time"

	"wharf/api/dto"
	"wharf/api/edge"
	"wharf/service"
)

func (s *Server) login(w http.ResponseWriter, r *http.Request, _ service.Actor, in dto.Credentials) error {
	if err := required(param{"username", in.Username}, param{"password", string(in.Password)}); err != nil {
		return err
	}
	l, err := s.sessions.Login(r.Context(), in.Username, string(in.Password), clientOf(r))
	if err != nil {
		return err
	}
	edge.InfoOf(r).User = l.User.Username
	s.setCookie(w, r, l.CookieToken, l.AccessExpiresAt)
	return respondBare(w, dto.Login{
		SessionID:             l.SessionID.String(),
		AccessToken:           l.AccessToken,
		AccessTokenExpiresAt:  l.AccessExpiresAt,
		RefreshToken:          l.RefreshToken,
		RefreshTokenExpiresAt: l.RefreshExpiresAt,
		User: dto.SessionUser{
			Username: l.User.Username, Email: l.User.Email,
			PasswordChangedAt: l.User.PasswordChangedAt, CreatedAt: l.User.CreatedAt,
		},
	})
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request, _ service.Actor, in dto.RefreshToken) error {
	if err := required(param{"refresh_token", in.RefreshToken}); err != nil {
		return err
	}
	if err := s.sessions.Logout(r.Context(), in.RefreshToken); err != nil {
		return err
	}
	s.setCookie(w, r, "", time.Time{})
	return respondData(w, "logged out successfully")
}

func (s *Server) renewAccess(w http.ResponseWriter, r *http.Request, _ service.Actor, in dto.RefreshToken) error {
	if err := required(param{"refresh_token", in.RefreshToken}); err != nil {
		return err
	}
	n, err := s.sessions.Renew(r.Context(), in.RefreshToken)
	if err != nil {
		return err
	}
	s.setCookie(w, r, n.CookieToken, n.AccessExpiresAt)
	return respondBare(w, dto.Renewal{
		AccessToken: n.AccessToken, AccessTokenExpiresAt: n.AccessExpiresAt,
		RefreshToken: n.RefreshToken, RefreshTokenExpiresAt: n.RefreshExpiresAt,
	})
}

// issueTicket answers with a string that stands for the session in the URL of an event stream.
func (s *Server) issueTicket(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	t, err := s.sessions.IssueTicket(r.Context(), actor)
	if err != nil {
		return err
	}
	return respondData(w, dto.Ticket{Ticket: t.Ticket, ExpiresAt: t.ExpiresAt})
}

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

// endOtherSessions answers DELETE /v1/sessions: it ends all of the caller's sessions except the current one.
func (s *Server) endOtherSessions(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	n, err := s.sessions.EndOthers(r.Context(), actor)
	if err != nil {
		return err
	}
	return respondData(w, dto.SessionsEnded{Ended: n})
}

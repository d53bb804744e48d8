package api

import (
	"net/http"
	"time"

	"wharf/service"
)

type credentials struct {
	Username string     `json:"username"`
	Password secretText `json:"password"`
}

type refreshToken struct {
	RefreshToken string `json:"refresh_token"`
}

type loggedIn struct {
	SessionID             string      `json:"session_id"`
	AccessToken           string      `json:"access_token"`
	AccessTokenExpiresAt  time.Time   `json:"access_token_expires_at"`
	RefreshToken          string      `json:"refresh_token"`
	RefreshTokenExpiresAt time.Time   `json:"refresh_token_expires_at"`
	User                  sessionUser `json:"user"`
}

type renewed struct {
	AccessToken          string    `json:"access_token"`
	AccessTokenExpiresAt time.Time `json:"access_token_expires_at"`
	// With REFRESH_ROTATION=true alone.
	RefreshToken          string    `json:"refresh_token,omitempty"`
	RefreshTokenExpiresAt time.Time `json:"refresh_token_expires_at,omitzero"`
}

type ticket struct {
	Ticket    string    `json:"ticket"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (s *Server) login(w http.ResponseWriter, r *http.Request, _ service.Actor) error {
	var in credentials
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := required(param{"username", in.Username}, param{"password", string(in.Password)}); err != nil {
		return err
	}
	l, err := s.sessions.Login(r.Context(), in.Username, string(in.Password), clientOf(r))
	if err != nil {
		return err
	}
	infoOf(r).user = l.User.Username
	s.setCookie(w, r, l.CookieToken, l.AccessExpiresAt)
	return respondBare(w, loggedIn{
		SessionID:             l.SessionID.String(),
		AccessToken:           l.AccessToken,
		AccessTokenExpiresAt:  l.AccessExpiresAt,
		RefreshToken:          l.RefreshToken,
		RefreshTokenExpiresAt: l.RefreshExpiresAt,
		User: sessionUser{
			Username: l.User.Username, Email: l.User.Email,
			PasswordChangedAt: l.User.PasswordChangedAt, CreatedAt: l.User.CreatedAt,
		},
	})
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request, _ service.Actor) error {
	token, err := decodeRefreshToken(w, r)
	if err != nil {
		return err
	}
	if err := s.sessions.Logout(r.Context(), token); err != nil {
		return err
	}
	s.setCookie(w, r, "", time.Time{})
	return respondData(w, "logged out successfully")
}

func (s *Server) renewAccess(w http.ResponseWriter, r *http.Request, _ service.Actor) error {
	token, err := decodeRefreshToken(w, r)
	if err != nil {
		return err
	}
	n, err := s.sessions.Renew(r.Context(), token)
	if err != nil {
		return err
	}
	s.setCookie(w, r, n.CookieToken, n.AccessExpiresAt)
	return respondBare(w, renewed{
		AccessToken: n.AccessToken, AccessTokenExpiresAt: n.AccessExpiresAt,
		RefreshToken: n.RefreshToken, RefreshTokenExpiresAt: n.RefreshExpiresAt,
	})
}

func decodeRefreshToken(w http.ResponseWriter, r *http.Request) (string, error) {
	var in refreshToken
	if err := decode(w, r, &in); err != nil {
		return "", err
	}
	return in.RefreshToken, required(param{"refresh_token", in.RefreshToken})
}

// issueTicket gives a session a string that stands for it in the URL of its event stream.
func (s *Server) issueTicket(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	t, err := s.sessions.IssueTicket(r.Context(), actor)
	if err != nil {
		return err
	}
	return respondData(w, ticket{Ticket: t.Ticket, ExpiresAt: t.ExpiresAt})
}

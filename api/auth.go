package api

import (
	"net/http"
	"strings"
	"time"

	"wharf/api/edge"
	"wharf/service"
	"wharf/util/apperr"
)

var (
	errNoToken = apperr.New(apperr.Unauthorized, "authentication required: send Authorization: Bearer <access_token>")
	errQuery   = apperr.New(apperr.Unauthorized, "a token in the query string is refused: send it in the Authorization header")
)

// authenticate identifies the caller. Credentials that are sent must be valid. Without credentials, a route with Optional
// permission gets an empty anonymous actor, and in open mode the caller is the configured anonymous actor.
func (s *Server) authenticate(r *http.Request, rt route) (service.Actor, error) {
	if rt.need == service.Public {
		return service.Actor{}, nil
	}
	query, err := parseQuery(r)
	for _, values := range query {
		for _, v := range values {
			if looksLikeToken(v) {
				return service.Actor{}, errQuery
			}
		}
	}
	if err != nil {
		return service.Actor{}, err
	}
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return service.Actor{}, errNoToken
		}
		return s.sessions.Authenticate(r.Context(), strings.TrimSpace(token))
	}
	if ticket := query.Get("ticket"); rt.tickets && ticket != "" {
		return s.sessions.AuthenticateTicket(r.Context(), ticket)
	}
	if token := s.cookieToken(r); token != "" {
		return s.sessions.AuthenticateCookie(r.Context(), token)
	}
	switch {
	case rt.need == service.Optional:
		return service.Actor{Anonymous: true, Role: service.RoleNone}, nil
	case s.open && (s.openNetwork || edge.Direct(r)):
		return s.anonymous, nil
	default:
		return service.Actor{}, errNoToken
	}
}

// clientOf describes where a request comes from.
func clientOf(r *http.Request) service.Client {
	info := edge.InfoOf(r)
	return service.Client{Addr: info.Client, UserAgent: r.UserAgent(), RequestID: info.ID, Local: edge.Local(r)}
}

// looksLikeToken reports whether a value is shaped like a JWT, a PASETO or an API key.
func looksLikeToken(v string) bool {
	return strings.HasPrefix(v, "v2.local.") || strings.HasPrefix(v, service.KeyPrefix) || (strings.HasPrefix(v, "eyJ") && strings.Count(v, ".") == 2)
}

// cookieName returns the session cookie's name. Over TLS it has the __Host- prefix, which binds the cookie to this host.
func (s *Server) cookieName(r *http.Request) string {
	if s.edge.OverTLS(r) {
		return "__Host-wharf_session"
	}
	return "wharf_session"
}

// cookieToken returns the session cookie's token. The cookie is accepted for GET requests only.
func (s *Server) cookieToken(r *http.Request) string {
	if r.Method != http.MethodGet {
		return ""
	}
	c, err := r.Cookie(s.cookieName(r))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets the session cookie for EventSource until it expires; an empty token removes it. Browsers also send cookies to
// other ports of the host, so the cookie's token is of a kind that the Authorization header doesn't accept.
func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, token string, expires time.Time) {
	c := &http.Cookie{
		Name: s.cookieName(r), Value: token, Path: "/", HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: s.edge.OverTLS(r), Expires: expires,
	}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

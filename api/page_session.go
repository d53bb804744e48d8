package api

import (
	"net/http"

	"wharf/api/dto"
	"wharf/api/edge"
	"wharf/service"
	"wharf/util/apperr"
)

// renewPath is the only path to which browsers send the page's cookie.
const renewPath = "/v1/session/renew"

// storedHalf is the header with the half of the credentials that the page's script stores.
const storedHalf = "X-Wharf-Stored"

// describeStart answers GET /v1/session.
func (s *Server) describeStart(w http.ResponseWriter, r *http.Request, _ service.Actor) error {
	setup, err := s.users.Setup(r.Context())
	if err != nil {
		return err
	}
	out := dto.PageStart{SetupNeeded: setup.Needed, SetupToken: setup.Token}
	if s.open && (s.openNetwork || edge.Direct(r)) {
		out.Anonymous = string(s.anonymous.Role)
	}
	return respondData(w, out)
}

// openPage answers POST /v1/session: a login whose session survives the page's reload.
func (s *Server) openPage(w http.ResponseWriter, r *http.Request, _ service.Actor, in dto.Credentials) error {
	if err := required(param{"username", in.Username}, param{"password", string(in.Password)}); err != nil {
		return err
	}
	t, err := s.sessions.LoginPage(r.Context(), in.Username, string(in.Password), clientOf(r))
	if err != nil {
		return err
	}
	return s.respondPage(w, r, t)
}

var errNotThePage = apperr.New(apperr.Forbidden,
	"only a page of wharf's own origin may renew its session: the browser has to send Sec-Fetch-Site: same-origin")

// renewPage answers POST /v1/session/renew. Browsers send Sec-Fetch-Site only over TLS and to loopback names; elsewhere a reload
// asks for the password again.
func (s *Server) renewPage(w http.ResponseWriter, r *http.Request, _ service.Actor) error {
	if r.Header.Get("Sec-Fetch-Site") != "same-origin" {
		return errNotThePage
	}
	cookie := ""
	if c, err := r.Cookie(s.pageCookieName(r)); err == nil {
		cookie = c.Value
	}
	t, err := s.sessions.RenewPage(r.Context(), cookie, r.Header.Get(storedHalf))
	if err != nil {
		return err
	}
	return s.respondPage(w, r, t)
}

func (s *Server) respondPage(w http.ResponseWriter, r *http.Request, t service.PageTokens) error {
	http.SetCookie(w, &http.Cookie{
		Name: s.pageCookieName(r), Value: t.Cookie, Path: renewPath, HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: s.edge.OverTLS(r), Expires: t.ExpiresAt,
	})
	return respondData(w, dto.PageSession{
		SessionID: t.SessionID.String(), AccessToken: t.AccessToken, AccessTokenExpiresAt: t.AccessExpiresAt,
		Stored: t.Stored, ExpiresAt: t.ExpiresAt,
	})
}

// pageCookieName returns the name of the page's cookie. Over TLS it has the __Secure- prefix; __Host- would require the path /.
func (s *Server) pageCookieName(r *http.Request) string {
	if s.edge.OverTLS(r) {
		return "__Secure-wharf_page"
	}
	return "wharf_page"
}

package api

import (
	"net/http"
	"time"

	"wharf/service"
	"wharf/util/apperr"
)

// renewPath is the one path that gets the page's cookie.
const renewPath = "/v1/session/renew"

// storedHalf is the header with the half that script keeps.
const storedHalf = "X-Wharf-Stored"

// pageStart is what a page has to know before anybody has logged in.
type pageStart struct {
	SetupNeeded bool   `json:"setup_needed"` // there is no user yet
	SetupToken  bool   `json:"setup_token"`  // and the first one takes the setup token from the log
	Anonymous   string `json:"anonymous"`    // role of this caller without credentials; empty: it has to log in
}

// pageSession is what a page lives on. Its other half is the cookie of renewPath.
type pageSession struct {
	SessionID            string    `json:"session_id"`
	AccessToken          string    `json:"access_token"`
	AccessTokenExpiresAt time.Time `json:"access_token_expires_at"`
	Stored               string    `json:"stored"` // goes into the origin's storage, and back as X-Wharf-Stored
	ExpiresAt            time.Time `json:"expires_at"`
}

// describeStart answers GET /v1/session.
func (s *Server) describeStart(w http.ResponseWriter, r *http.Request, _ service.Actor) error {
	setup, err := s.users.Setup(r.Context())
	if err != nil {
		return err
	}
	out := pageStart{SetupNeeded: setup.Needed, SetupToken: setup.Token}
	if s.open && (s.openNetwork || direct(r)) {
		out.Anonymous = string(s.anonymous.Role)
	}
	return respondData(w, out)
}

// openPage answers POST /v1/session: a login whose session survives the page's reload.
func (s *Server) openPage(w http.ResponseWriter, r *http.Request, _ service.Actor) error {
	var in credentials
	if err := decode(w, r, &in); err != nil {
		return err
	}
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

// renewPage answers POST /v1/session/renew. Browsers send Sec-Fetch-Site over TLS and to loopback names
// alone; elsewhere a reload asks for the password again.
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
		SameSite: http.SameSiteStrictMode, Secure: s.overTLS(r), Expires: t.ExpiresAt,
	})
	return respondData(w, pageSession{
		SessionID: t.SessionID.String(), AccessToken: t.AccessToken, AccessTokenExpiresAt: t.AccessExpiresAt,
		Stored: t.Stored, ExpiresAt: t.ExpiresAt,
	})
}

// pageCookieName has the __Secure- prefix over TLS; __Host- would ask for the path /.
func (s *Server) pageCookieName(r *http.Request) string {
	if s.overTLS(r) {
		return "__Secure-wharf_page"
	}
	return "wharf_page"
}

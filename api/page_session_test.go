package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
)

// halves are the parts of a page's session that a browser keeps.
type halves struct{ session, access, stored, cookie string }

func (w *fixture) openPage() halves {
	w.t.Helper()
	return w.halvesOf(w.call("POST", "/v1/session", "", map[string]string{"username": "gildong", "password": w.password}))
}

func (w *fixture) halvesOf(a answer) halves {
	w.t.Helper()
	var s struct {
		SessionID   string `json:"session_id"`
		AccessToken string `json:"access_token"`
		Stored      string `json:"stored"`
	}
	a.data(w.t.(*testing.T), &s)
	cookies := (&http.Response{Header: a.header}).Cookies()
	require.Len(w.t, cookies, 1)
	c := cookies[0]
	require.Equal(w.t, "/v1/session/renew", c.Path)
	require.True(w.t, c.HttpOnly)
	require.Equal(w.t, http.SameSiteStrictMode, c.SameSite)
	return halves{s.SessionID, secret(s.AccessToken), secret(s.Stored), secret(c.Value)}
}

// renew sends the halves with the given Sec-Fetch-Site; empty: without the header, as from no browser.
func (w *fixture) renew(h halves, site string) answer {
	w.t.Helper()
	return w.call("POST", "/v1/session/renew", "", "{}", func(r *http.Request) {
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		if h.stored != "" {
			r.Header.Set("X-Wharf-Stored", h.stored)
		}
		if h.cookie != "" {
			r.AddCookie(&http.Cookie{Name: "wharf_page", Value: h.cookie})
		}
	})
}

func TestPageRenewsWithBothHalvesAlone(t *testing.T) {
	t.Parallel()
	w := setup(t, []dockerx.HostConfig{})
	a, b := w.openPage(), w.openPage()
	require.Equal(t, http.StatusOK, w.call("GET", "/v1/me", a.access, nil).status)

	login := w.login("gildong", w.password)
	for name, h := range map[string]halves{
		"nothing":                  {},
		"the cookie alone":         {cookie: a.cookie},
		"the stored half alone":    {stored: a.stored},
		"halves of two sessions":   {cookie: a.cookie, stored: b.stored},
		"an access token":          {cookie: a.access, stored: a.stored},
		"a refresh token as both":  {cookie: login.refresh, stored: login.refresh},
		"the cookie as both":       {cookie: a.cookie, stored: a.cookie},
		"the stored half as both":  {cookie: a.stored, stored: a.stored},
		"a stored half cut by one": {cookie: a.cookie, stored: a.stored[1:]},
	} {
		require.Equal(t, http.StatusUnauthorized, w.renew(h, "same-origin").status, name)
	}
	for _, site := range []string{"", "same-site", "cross-site", "none"} {
		require.Equal(t, http.StatusForbidden, w.renew(a, site).status, "from %q", site)
	}
	for _, token := range []string{a.cookie, a.stored} {
		require.Equal(t, http.StatusUnauthorized, w.call("GET", "/v1/me", token, nil).status)
		require.Equal(t, http.StatusUnauthorized, w.call("POST", "/token/renew_access", "", map[string]string{"refresh_token": token}).status)
	}

	next := w.halvesOf(w.renew(a, "same-origin"))
	require.Equal(t, a.session, next.session)
	require.NotEqual(t, a.cookie, next.cookie)
	require.NotEqual(t, a.stored, next.stored)
	require.Equal(t, http.StatusOK, w.call("GET", "/v1/me", next.access, nil).status)
	w.halvesOf(w.renew(halves{cookie: next.cookie, stored: a.stored}, "same-origin")) // as if the previous answer had been lost
}

func TestPageOfARevokedSessionRenewsNoMore(t *testing.T) {
	t.Parallel()
	w := setup(t, []dockerx.HostConfig{})
	h := w.openPage()
	require.Equal(t, http.StatusOK, w.call("DELETE", "/v1/sessions/"+h.session, h.access, nil).status)
	require.Equal(t, http.StatusUnauthorized, w.renew(h, "same-origin").status)
}

func TestPageSetsNoCookieThatCountsElsewhere(t *testing.T) {
	t.Parallel()
	w := setup(t, []dockerx.HostConfig{})
	h := w.openPage()
	for _, name := range []string{"wharf_session", "wharf_page"} {
		a := w.call("GET", "/v1/me", "", nil, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: name, Value: h.cookie}) })
		require.Equal(t, http.StatusUnauthorized, a.status, name)
	}
}

// All of the page's own addresses answer alike, so that a reload works, and have the policy. All other addresses belong to the
// API.
func TestPageAnswersItsOwnAddresses(t *testing.T) {
	t.Parallel()
	w := setup(t, []dockerx.HostConfig{})
	root := w.call("GET", "/", "", nil)
	for _, path := range []string{"/ui/containers", "/ui/containers/h/x", "/ui/no-such-page"} {
		a := w.call("GET", path, "", nil)
		require.Equal(t, root.status, a.status, path)
		require.Equal(t, root.body, a.body, path)
		policy := a.header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'")
		require.Contains(t, policy, "require-trusted-types-for 'script'")
		require.NotContains(t, policy, "unsafe")
		require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"))
	}
	for _, path := range []string{"/ui/assets/no-such.js", "/ui", "/v1/ui", "/index.html"} {
		a := w.call("GET", path, "", nil)
		require.Equal(t, http.StatusNotFound, a.status, path)
		require.Equal(t, "no such endpoint", a.message(t), path)
	}
	require.Equal(t, http.StatusMethodNotAllowed, w.call("POST", "/", "", "{}").status)
	if root.status == http.StatusNotFound { // built without the page's files
		require.Contains(t, root.body, "make web")
		require.Equal(t, 1, strings.Count(root.body, "\n"))
	}
}

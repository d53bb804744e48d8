package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/service"
)

const (
	waitLimit = time.Minute
	waitTick  = 10 * time.Millisecond
)

func TestRequiredModeAsksForAGoodTokenBeforeAnythingReachesADaemon(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	id := d.Add(dockertest.Container{Name: "web"})
	w := setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	s := w.login("gildong", w.password)
	gone := w.login("gildong", w.password)
	require.Equal(t, http.StatusOK, w.call("POST", "/logout", "", map[string]string{"refresh_token": gone.refresh}).status)
	before := touched(d)
	bad := map[string]func(*http.Request){
		"none":            func(*http.Request) {},
		"garbage":         bearer("garbage"),
		"empty":           func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") },
		"basic":           func(r *http.Request) { r.SetBasicAuth("gildong", w.password) },
		"refresh":         bearer(s.refresh),
		"logged out":      bearer(gone.access),
		"tampered":        bearer(s.access[:len(s.access)-4] + "AAAA"),
		"in the query":    func(r *http.Request) { r.URL.RawQuery = "access_token=" + s.access },
		"query plus good": func(r *http.Request) { r.URL.RawQuery = "t=" + s.access; bearer(s.access)(r) },
		"foreign cookie":  func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "wharf_session", Value: "x"}) },
	}
	for name, edit := range bad {
		for _, path := range []string{"/hosts", "/ps2/fake", "/inspect2/fake/web", "/stat2/fake/web", "/stat3/fake"} {
			a := w.call("GET", path, "", nil, edit)
			require.Equal(t, http.StatusUnauthorized, a.status, "%s %s: %s", name, path, a.body)
			require.Contains(t, a.header.Get("WWW-Authenticate"), "Bearer")
		}
		for _, path := range []string{"/start2", "/stop2"} {
			a := w.call("POST", path, "", map[string]string{"id": id, "host": "fake"}, edit)
			require.Equal(t, http.StatusUnauthorized, a.status, "%s %s", name, path)
		}
	}
	require.Equal(t, before, touched(d), "a refused call reaches no daemon")
	require.Equal(t, http.StatusOK, w.get("/ps2/fake").status)
}

// touched counts the requests at the daemon that callers caused, not wharf's own event reader and sampler. A request for usage
// begins with an inspect, so it counts too.
func touched(d *dockertest.Daemon) int {
	n := 0
	for _, r := range d.Requests() {
		own := strings.HasSuffix(r.Path, "/containers/json") || strings.HasSuffix(r.Path, "/stats")
		if strings.Contains(r.Path, "/containers/") && !own {
			n++
		}
	}
	return n
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func TestCookieOfLoginWorksForReadsAlone(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	id := d.Add(dockertest.Container{Name: "web"})
	w := setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	a := w.call("POST", "/login", "", map[string]string{"username": "gildong", "password": w.password})
	resp := http.Response{Header: a.header}
	require.Len(t, resp.Cookies(), 1)
	c := resp.Cookies()[0]
	secret(c.Value)
	require.Equal(t, "wharf_session", c.Name)
	require.True(t, c.HttpOnly)
	require.Equal(t, http.SameSiteStrictMode, c.SameSite)
	withCookie := func(value string) func(*http.Request) {
		return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: c.Name, Value: value}) }
	}
	require.Equal(t, http.StatusOK, w.call("GET", "/ps2/fake", "", nil, withCookie(c.Value)).status)
	require.Equal(t, http.StatusUnauthorized, w.call("HEAD", "/ps2/fake", "", nil, withCookie(c.Value)).status)
	stop := w.call("POST", "/stop2", "", map[string]string{"id": id, "host": "fake"}, withCookie(c.Value))
	require.Equal(t, http.StatusUnauthorized, stop.status)

	// Browsers also send the cookie to other programs on the host's name: as a bearer token it must be worthless.
	require.Equal(t, http.StatusUnauthorized, w.call("GET", "/ps2/fake", c.Value, nil).status)
	var key struct{ Key string }
	w.post("/v1/keys", `{"name":"machine","role":"admin"}`).data(t, &key)
	for name, token := range map[string]string{"access token": w.admin, "API key": secret(key.Key), "refresh token": w.login("gildong", w.password).refresh} {
		require.Equal(t, http.StatusUnauthorized, w.call("GET", "/ps2/fake", "", nil, withCookie(token)).status, "%s as cookie", name)
	}

	renewed := w.call("POST", "/token/renew_access", "", map[string]string{"refresh_token": w.login("gildong", w.password).refresh})
	fresh := (&http.Response{Header: renewed.header}).Cookies()[0].Value
	require.Equal(t, http.StatusOK, w.call("GET", "/ps2/fake", "", nil, withCookie(secret(fresh))).status)
	require.Equal(t, http.StatusUnauthorized, w.call("GET", "/ps2/fake", fresh, nil).status)
}

func TestPasswordsOfDifferentLoneSurrogatesAreNoPasswords(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	body := func(password string) string {
		return `{"username":"hong","password":"` + password + `","full_name":"H","email":"h@email.com"}`
	}
	for _, bad := range []string{
		`abcdef\ud800`, `\uDFFFabcdef`, `abcdef\ud800\ud800`, `abcdef\ud800\n\udc00`, `abcdef\ud83d\ude00\ude00`, `abcdef\\\ud800`,
	} {
		for _, path := range []string{"/user", "/v1/users", "/login", "/v1/users/gildong/password"} {
			a := w.post(path, body(bad))
			require.Equal(t, http.StatusBadRequest, a.status, "%s %s", path, bad)
			require.Contains(t, a.message(t), "surrogate")
		}
	}
	good := `abcdef\ud83d\ude00\\ud800\u00e9\"`
	require.Equal(t, http.StatusOK, w.post("/user", body(good)).status)
	require.Equal(t, http.StatusOK, w.post("/login", body(good)).status)
	require.Equal(t, http.StatusUnauthorized, w.post("/login", body(`abcdef\ud83d\ude01\\ud800\u00e9\"`)).status)
}

func TestViewerSeesMaskedAndMayNotStop(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	id := d.Add(dockertest.Container{
		Name: "web", State: "running", Env: []string{"PATH=/bin", "DB_PASSWORD=hunter2"}, Labels: map[string]string{"api.token": "hunter2"},
	})
	w := setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	_, err := w.users.Create(t.Context(), &service.Actor{Role: service.RoleAdmin}, service.NewUser{
		Username: "viewer", Password: secret("viewer-password"), FullName: "V", Email: "v@email.com", Role: service.RoleViewer,
	}, "")
	require.NoError(t, err)
	viewer := w.login("viewer", "viewer-password").access

	seen := w.call("GET", "/inspect2/fake/web", viewer, nil)
	require.Equal(t, http.StatusOK, seen.status)
	require.NotContains(t, seen.body, "hunter2")
	require.Contains(t, seen.body, `"DB_PASSWORD=***"`)
	require.Contains(t, seen.body, `"PATH=/bin"`)
	require.Contains(t, w.get("/inspect2/fake/web").body, "DB_PASSWORD=hunter2", "an admin sees all")

	before := touched(d)
	for _, path := range []string{"/start2", "/stop2"} {
		a := w.call("POST", path, viewer, map[string]string{"id": id, "host": "fake"})
		require.Equal(t, http.StatusForbidden, a.status)
	}
	require.Equal(t, before, touched(d))
}

func TestOpenModeServesTheSourcesSamplesWithoutTokens(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "nginx-web", State: "running", Env: []string{"DB_PASSWORD=plain"}})
	w := setup(t, []dockerx.HostConfig{{Name: "119server", Addr: d.Addr()}}, openMode, func(o *api.Options) {
		o.MaskSecrets = false
		o.AllowedHosts = []string{"wharf.example"}
	})
	for _, path := range []string{"/hosts", "/ps2/119server", "/inspect2/119server/nginx-web", "/stat3/119server"} {
		require.Equal(t, http.StatusOK, w.call("GET", path, "", nil).status, path)
	}
	require.Contains(t, w.call("GET", "/inspect2/119server/nginx-web", "", nil).body, "DB_PASSWORD=plain")
	require.Equal(t, `""`, w.call("POST", "/stop2", "", `{"id":"nginx-web","host":"119server"}`).body)
	require.Equal(t, `""`, w.call("POST", "/start2", "", `{"id":"nginx-web","host":"119server"}`).body)

	for name, edit := range map[string]func(*http.Request){
		"a bad token is never taken for none": bearer("garbage"),
		"a bad cookie neither":                func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "wharf_session", Value: "x"}) },
	} {
		require.Equal(t, http.StatusUnauthorized, w.call("GET", "/hosts", "", nil, edit).status, name)
	}
	for name, edit := range map[string]func(*http.Request){
		"DNS rebinding":  func(r *http.Request) { r.Host = "evil.example:9083" },
		"foreign origin": func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
	} {
		require.Equal(t, http.StatusForbidden, w.call("GET", "/hosts", "", nil, edit).status, name)
	}
	allowed := w.call("GET", "/hosts", "", nil, func(r *http.Request) { r.Host = "wharf.example" })
	require.Equal(t, http.StatusOK, allowed.status)
	require.Equal(t, http.StatusUnauthorized, w.call("POST", "/v1/events/ticket", "", "{}").status)
}

func TestCrossSitePostIsRefusedInRequiredModeToo(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	a := w.call("POST", "/login", "", "{}", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
	require.Equal(t, http.StatusForbidden, a.status)
}

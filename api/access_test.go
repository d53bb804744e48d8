package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// person creates a user through the API and returns an access token.
func (w *fixture) person(name, role string) string {
	w.t.Helper()
	password := secret("password-of-" + name)
	a := w.post("/v1/users", map[string]string{
		"username": name, "password": password, "full_name": name, "email": name + "@email.com", "role": role,
	})
	require.Equal(w.t, http.StatusOK, a.status, a.body)
	return w.login(name, password).access
}

func (w *fixture) grant(name, hosts, labels, role string) string {
	w.t.Helper()
	var g struct{ ID string }
	w.post("/v1/grants", map[string]string{"username": name, "hosts": hosts, "labels": labels, "role": role}).data(w.t.(*testing.T), &g)
	return g.ID
}

// Containers outside a caller's grants don't exist for it: not in lists, counts or errors, and not for actions.
func TestGrantsShowOnlyWhatTheyName(t *testing.T) {
	t.Parallel()
	prod, dev := dockertest.NewDaemon(t), dockertest.NewDaemon(t)
	prod.Add(dockertest.Container{Name: "shop", Labels: map[string]string{"team": "web"}},
		dockertest.Container{Name: "ledger", Labels: map[string]string{"team": "money"}})
	dev.Add(dockertest.Container{Name: "toy"})
	w := setup(t, []dockerx.HostConfig{{Name: "prod-1", Addr: prod.Addr()}, {Name: "dev-1", Addr: dev.Addr()}})
	token := w.person("hong", "none")
	get := func(path string) answer { return w.call("GET", path, token, nil) }
	stop := func(id, host string) answer {
		return w.call("POST", "/stop2", token, map[string]string{"id": id, "host": host})
	}
	require.Equal(t, http.StatusForbidden, get("/hosts").status, "no grant, no host")

	w.grant("hong", "prod-*", "team=web", "viewer")
	hosts := get("/hosts")
	require.Contains(t, hosts.body, "prod-1")
	require.NotContains(t, hosts.body, "dev-1")
	for _, path := range []string{"/ps2/prod-1", "/stat3/prod-1", "/v1/containers", "/v1/hosts/prod-1/containers"} {
		a := get(path)
		require.Equal(t, http.StatusOK, a.status, path)
		require.Contains(t, a.body, "shop", path)
		require.NotContains(t, a.body, "ledger", path)
		require.NotContains(t, a.body, "toy", path)
	}
	require.NotContains(t, get("/v1/hosts/prod-1").body, `"containers"`, "a count would betray the hidden one")
	hidden, missing := get("/inspect2/prod-1/ledger"), get("/inspect2/prod-1/nothing")
	require.Equal(t, http.StatusNotFound, hidden.status)
	require.Equal(t, "Error response from daemon: No such container: ledger", hidden.message(t))
	require.Equal(t, "Error response from daemon: No such container: nothing", missing.message(t))
	require.Equal(t, get("/ps2/nowhere").body, get("/ps2/dev-1").body, "a hidden host is an unknown one")

	require.Equal(t, http.StatusForbidden, stop("shop", "prod-1").status)
	grant := w.grant("hong", "prod-1", "team=web", "operator")
	require.Equal(t, http.StatusOK, stop("shop", "prod-1").status)
	require.Equal(t, http.StatusNotFound, stop("ledger", "prod-1").status)
	require.Equal(t, http.StatusNotFound, stop("toy", "dev-1").status)
	require.Equal(t, http.StatusOK, w.call("DELETE", "/v1/grants/"+grant, w.admin, nil).status)
	require.Equal(t, http.StatusForbidden, stop("shop", "prod-1").status, "a revoked grant bites at once")
	for _, c := range append(prod.Containers(), dev.Containers()...) {
		require.Equal(t, c.Name == "shop", c.State == "exited", c.Name)
	}
}

func TestUsersAreManagedByAdminsAlone(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	token := w.person("hong", "viewer")
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/v1/users", ""},
		{"PATCH", "/v1/users/hong", `{"role":"admin"}`},
		{"DELETE", "/v1/users/gildong", ""},
		{"GET", "/v1/users/gildong", ""},
		{"POST", "/v1/users", `{"username":"x"}`},
		{"GET", "/v1/grants", ""},
		{"GET", "/v1/audit", ""},
		{"GET", "/v1/sessions?all=true", ""},
		{"POST", "/v1/users/gildong/password", `{"password":"another-one"}`},
	} {
		var body any
		if c.body != "" {
			body = c.body
		}
		require.Equal(t, http.StatusForbidden, w.call(c.method, c.path, token, body).status, "%s %s", c.method, c.path)
	}
	require.Equal(t, http.StatusOK, w.call("GET", "/v1/users/hong", token, nil).status, "oneself")
	require.Contains(t, w.call("GET", "/v1/me", token, nil).body, `"role":"viewer"`)

	require.Equal(t, http.StatusConflict, w.call("PATCH", "/v1/users/gildong", w.admin, `{"role":"viewer"}`).status, "the last admin")
	require.Equal(t, http.StatusConflict, w.call("DELETE", "/v1/users/gildong", w.admin, nil).status)
	require.Equal(t, http.StatusOK, w.call("PATCH", "/v1/users/hong", w.admin, `{"disabled":true}`).status)
	require.Equal(t, http.StatusUnauthorized, w.call("GET", "/hosts", token, nil).status, "disabling ends the sessions at once")
	require.Equal(t, http.StatusOK, w.call("DELETE", "/v1/users/hong", w.admin, nil).status)
	require.Equal(t, http.StatusNotFound, w.get("/v1/users/hong").status)
}

func TestOwnPasswordSessionsAndKeys(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	token := w.person("hong", "operator")
	other := w.login("hong", "password-of-hong")
	change := func(old, password string) answer {
		return w.call("POST", "/v1/users/hong/password", token, map[string]string{"old_password": old, "password": secret(password)})
	}
	require.Equal(t, http.StatusForbidden, change("wrong-password", "a-new-password").status)
	require.Equal(t, http.StatusOK, change("password-of-hong", "a-new-password").status)
	require.Equal(t, http.StatusUnauthorized, w.call("GET", "/hosts", other.access, nil).status, "other sessions end")
	require.Equal(t, http.StatusOK, w.call("GET", "/hosts", token, nil).status, "one's own stays")

	again := w.login("hong", "a-new-password")
	sessions := w.call("GET", "/v1/sessions", token, nil)
	require.Contains(t, sessions.body, again.session)
	require.NotContains(t, sessions.body, "gildong")
	require.Equal(t, http.StatusOK, w.call("DELETE", "/v1/sessions/"+again.session, token, nil).status)
	require.Equal(t, http.StatusUnauthorized, w.call("GET", "/hosts", again.access, nil).status)
	require.Equal(t, http.StatusBadRequest, w.call("DELETE", "/v1/sessions/x", token, nil).status)

	require.Equal(t, http.StatusForbidden, w.call("POST", "/v1/keys", token, `{"name":"ci","role":"admin"}`).status)
	var key struct{ ID, Key string }
	w.call("POST", "/v1/keys", token, `{"name":"ci","role":"viewer"}`).data(t, &key)
	secret(key.Key)
	require.Equal(t, http.StatusOK, w.call("GET", "/hosts", key.Key, nil).status)
	require.Equal(t, http.StatusForbidden, w.call("POST", "/start2", key.Key, `{"id":"x","host":"y"}`).status, "a viewer's key of an operator")
	require.NotContains(t, w.call("GET", "/v1/keys", token, nil).body, key.Key)
	require.Equal(t, http.StatusOK, w.call("DELETE", "/v1/keys/"+key.ID, token, nil).status)
	require.Equal(t, http.StatusUnauthorized, w.call("GET", "/hosts", key.Key, nil).status)
}

func TestAuditTellsWhoDidWhat(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	id := d.Add(dockertest.Container{Name: "web"})
	w := setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	viewer := w.person("hong", "viewer")
	w.call("POST", "/stop2", w.admin, `{"id":"web","host":"fake"}`, func(r *http.Request) { r.Header.Set("X-Request-Id", "the-stop") })
	w.post("/stop2", `{"id":"web","host":"fake"}`)
	w.call("POST", "/start2", viewer, `{"id":"web","host":"fake"}`)
	w.call("POST", "/login", "", map[string]string{"username": "hong", "password": "wrong-password"})

	var page struct {
		Audit []struct {
			User, Action, Host, Outcome, Address, Detail, Target string
			RequestID                                            string `json:"request_id"`
			ContainerID                                          string `json:"container_id"`
			ContainerName                                        string `json:"container_name"`
		}
	}
	w.get("/v1/audit?action=container.stop").data(t, &page)
	require.Len(t, page.Audit, 2)
	failed, done := page.Audit[0], page.Audit[1]
	require.Equal(t, "ok", done.Outcome)
	require.Equal(t, []string{"gildong", "fake", id, "web", "the-stop", "127.0.0.1"},
		[]string{done.User, done.Host, done.ContainerID, done.ContainerName, done.RequestID, done.Address})
	require.Equal(t, "failed", failed.Outcome)
	require.Contains(t, failed.Detail, "container not running")

	w.get("/v1/audit?outcome=refused&user=hong").data(t, &page)
	require.Len(t, page.Audit, 2)
	require.Equal(t, "login", page.Audit[0].Action)
	require.Equal(t, "POST /start2", page.Audit[1].Target)
	raw, err := json.Marshal(page)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "wrong-password")
}

package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/api/dto"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// newUser creates a user with a role and logs in.
func (w *fixture) newUser(name, role string) string {
	w.t.Helper()
	password := secret("pw-" + name + "-123456")
	w.signUp(w.admin, name, password)
	a := w.call(http.MethodPatch, "/v1/users/"+name, w.admin, map[string]string{"role": role})
	require.Equal(w.t, http.StatusOK, a.status, a.body)
	return w.login(name, password).access
}

func TestLogsAreForThoseWhoMayReadThem(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	w := setup(t, []dockerx.HostConfig{{Name: "119server", Addr: d.Addr()}}, func(o *api.Options) { o.Hosts.LogsForOperators() })
	mine := d.Add(dockertest.Container{Name: "mine", Labels: map[string]string{"team": "a"}, Log: []string{"one"}})
	hidden := d.Add(dockertest.Container{Name: "hidden", Log: []string{"two"}})
	path := func(id string) string { return "/v1/hosts/119server/containers/" + id + "/logs" }
	require.Equal(t, http.StatusForbidden, w.call(http.MethodGet, path(mine), w.newUser("viewer", "viewer"), nil).status)
	require.Equal(t, http.StatusOK, w.call(http.MethodGet, path(mine), w.newUser("operator", "operator"), nil).status)

	granted := w.newUser("granted", "none")
	a := w.call(http.MethodPost, "/v1/grants", w.admin, map[string]string{"username": "granted", "role": "operator", "hosts": "*", "labels": "team=a"})
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Equal(t, http.StatusOK, w.call(http.MethodGet, path(mine), granted, nil).status)
	invisible, absent := w.call(http.MethodGet, path(hidden), granted, nil), w.call(http.MethodGet, path("absent"), granted, nil)
	require.Equal(t, http.StatusNotFound, invisible.status)
	require.Equal(t, strings.ReplaceAll(invisible.body, hidden, "absent"), absent.body)
	a = w.call(http.MethodGet, "/v1/logs", granted, nil)
	require.Equal(t, http.StatusOK, a.status)
	require.Contains(t, a.body, "one")
	require.NotContains(t, a.body, "two")
	require.NotContains(t, a.body, hidden)
}

func TestADeadHostIsOneRowOfLogs(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "alive", Log: []string{"still here"}})
	w := setup(t, []dockerx.HostConfig{{Name: "119server", Addr: d.Addr()}, {Name: "dead", Addr: "tcp://127.0.0.1:1"}})
	page := w.logPage("/v1/logs")
	require.Len(t, page.Lines, 1)
	require.Equal(t, []bool{true, false}, []bool{page.Hosts[0].OK, page.Hosts[1].OK})
	require.NotEmpty(t, page.Hosts[1].Error)
}

func TestSearchesOfManyContainersAreAudited(t *testing.T) {
	t.Parallel()
	w, d := oneHost(t)
	for range 3 {
		d.Add(dockertest.Container{Log: []string{"needle", "hay"}})
	}
	w.listed(3)
	require.Len(t, w.logPage("/v1/logs?grep=needle").Lines, 3)
	require.Equal(t, http.StatusOK, w.get("/v1/logs?download=true").status)
	for _, action := range []string{"logs.search", "logs.download"} {
		var rows struct{ Data dto.AuditPage }
		require.NoError(t, json.Unmarshal([]byte(w.get("/v1/audit?action="+action).body), &rows))
		require.Len(t, rows.Data.Audit, 1, action)
		require.Equal(t, "3 containers", rows.Data.Audit[0].Target)
	}
}

func TestALogStreamEndsWithItsSession(t *testing.T) {
	t.Parallel()
	w, d := oneHost(t)
	id := d.Add(dockertest.Container{Log: []string{"one"}})
	token := w.newUser("follower", "viewer")
	for _, path := range []string{"/v1/hosts/119server/containers/" + id + "/logs?follow=true", "/v1/logs?follow=true"} {
		l := w.listen(path, token)
		l.await("one")
		a := w.call(http.MethodPatch, "/v1/users/follower", w.admin, map[string]string{"role": map[bool]string{true: "operator", false: "none"}[path[4] == 'h']})
		require.Equal(t, http.StatusOK, a.status, a.body)
		_, err := l.read()
		for err == nil {
			_, err = l.read()
		}
	}
}

func TestALogThatIsNotKeptIsSaidToBe(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	id := e.Run(t, dockertest.Spec{LogDriver: "none"})
	a := w.get("/v1/hosts/" + e.Name + "/containers/" + id + "/logs")
	require.Equal(t, http.StatusBadRequest, a.status, a.body)
	require.Contains(t, a.message(t), "log driver none")
	a = w.get("/v1/hosts/" + e.Name + "/containers/" + strings.Repeat("0", 64) + "/logs")
	require.Equal(t, http.StatusNotFound, a.status, a.body)
}

func TestALogDownloadsAsAFile(t *testing.T) {
	t.Parallel()
	w, d := oneHost(t)
	id := d.Add(dockertest.Container{Name: "web", Log: []string{"one", "two"}})
	a := w.get("/v1/hosts/119server/containers/" + id + "/logs?download=true&timestamps=true")
	require.Equal(t, http.StatusOK, a.status)
	require.Contains(t, a.header.Get("Content-Disposition"), "web-")
	require.Equal(t, "text/plain; charset=utf-8", a.header.Get("Content-Type"))
	lines := strings.Split(strings.TrimSpace(a.body), "\n")
	require.Len(t, lines, 2)
	require.Regexp(t, `^20\d\d-\d\d-\d\dT\S+Z one$`, lines[0])
}

package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

// The contract's examples, answered by real engines over every transport.
func TestContractOnRealEngines(t *testing.T) {
	t.Parallel()
	engines := dockertest.Engines(t)
	w := setup(t, engineHosts(engines))
	hosts := w.get("/hosts")
	requireShape(t, "hosts.json", hosts.body)
	require.Contains(t, hosts.body, `{"host":"default","addr":"unix://`)
	for _, e := range engines {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			contractOnEngine(t, w, e)
		})
	}
}

func contractOnEngine(t *testing.T, w *fixture, e dockertest.Engine) {
	t.Helper()
	network := e.Network(t, "second")
	id := e.Run(t, dockertest.Spec{
		Cmd: []string{"sleep"}, Labels: map[string]string{"maintainer": "NGINX Docker Maintainers"},
		Env: []string{"NGINX_VERSION=1.25.3"}, Ports: []string{"127.0.0.1::80"}, Expose: []string{"81/tcp"},
		Mounts: []string{t.TempDir() + ":/usr/share/nginx/html"}, Networks: []string{"bridge", network},
	})
	short := id[:12]

	ps := w.get("/ps2/" + e.Name)
	requireShape(t, "ps2.json", ps.body)
	require.Contains(t, ps.body, short)

	inspect := w.get("/inspect2/" + e.Name + "/" + short)
	requireShape(t, "inspect2.json", inspect.body)
	require.Contains(t, inspect.body, `"81/tcp":[]`)
	require.Regexp(t, `"network":{"ip_address":"\d+\.\d+\.\d+\.\d+","gateway":"\d`, inspect.body)

	requireShape(t, "stat2.json", w.get("/stat2/"+e.Name+"/"+short).body)
	requireShape(t, "stat3.json", w.get("/stat3/"+e.Name).body)

	body := map[string]string{"id": short, "host": e.Name}
	again := w.post("/start2", body)
	require.Equal(t, http.StatusConflict, again.status)
	require.JSONEq(t, golden(t, "start2_error.json"), again.body)

	stop := w.post("/stop2", body)
	require.Equal(t, http.StatusOK, stop.status, stop.body)
	require.Equal(t, `""`, stop.body)
	again = w.post("/stop2", body)
	require.Equal(t, http.StatusConflict, again.status)
	require.JSONEq(t, golden(t, "stop2_error.json"), again.body)

	stopped := w.get("/stat2/" + e.Name + "/" + short)
	requireShape(t, "stat2.json", stopped.body)
	require.Contains(t, stopped.body, `"cpu_percent":0,"memory_usage":"0.00 B","memory_limit":"0.00 B","memory_percent":0,"network_rx":"0 B","network_tx":"0 B"`)

	start := w.post("/start2", body)
	require.Equal(t, http.StatusOK, start.status, start.body)
	require.Equal(t, `""`, start.body)
	require.Equal(t, "application/json", start.header.Get("Content-Type"))
}

func TestContractOfUsersAndSessions(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	body := `{"username":"hong","password":"123123","full_name":"YunGilDong","email":"hong@email.com"}`
	created := w.post("/user", body)
	require.Equal(t, http.StatusOK, created.status)
	requireShape(t, "user.json", created.body)

	login := w.call("POST", "/login", "", `{"username":"hong","password":"123123"}`)
	require.Equal(t, http.StatusOK, login.status)
	requireShape(t, "login.json", login.body)

	s := w.login("hong", "123123")
	refresh := map[string]string{"refresh_token": s.refresh}
	renewed := w.call("POST", "/token/renew_access", "", refresh)
	require.Equal(t, http.StatusOK, renewed.status)
	requireShape(t, "renew_access.json", renewed.body)

	require.Equal(t, http.StatusOK, w.call("GET", "/hosts", s.access, nil).status)
	logout := w.call("POST", "/logout", "", refresh)
	require.Equal(t, http.StatusOK, logout.status)
	require.JSONEq(t, golden(t, "logout.json"), logout.body)
	require.Equal(t, http.StatusUnauthorized, w.call("GET", "/hosts", s.access, nil).status, "logout bites at once")
	require.Equal(t, http.StatusUnauthorized, w.call("POST", "/token/renew_access", "", refresh).status)
	require.Equal(t, http.StatusOK, w.call("POST", "/logout", "", refresh).status, "a second logout is fine (RFC 7009)")
}

// Answers that the contract's examples don't show: containers in other states, on a real engine.
func TestContainersInEveryState(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	running := e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}, Networks: []string{"default"}})
	exited := e.Run(t, dockertest.Spec{Cmd: []string{"exit", "3"}})
	paused := e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}})
	restarting := e.Run(t, dockertest.Spec{Cmd: []string{"exit", "1"}, Restart: "always"})
	created := e.Run(t, dockertest.Spec{Created: true, Networks: []string{"none"}})
	linked := e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}, Links: []string{e.Inspect(t, running).Name[1:] + ":alias"}})
	e.Pause(t, paused)
	e.AwaitState(t, exited, "exited")
	e.AwaitState(t, restarting, "restarting")

	states := map[string]string{running: "running", exited: "exited", paused: "paused", restarting: "restarting", created: "created", linked: "running"}
	var rows []struct{ ID, Name, State, Status string }
	w.get("/ps2/default").data(t, &rows)
	found := 0
	for _, row := range rows {
		for id, state := range states {
			if id[:12] != row.ID {
				continue
			}
			found++
			require.Equal(t, e.Inspect(t, id).Name, "/"+row.Name)
			if id != restarting { // its state changes all the time
				require.Equal(t, state, row.State)
			}
		}
	}
	require.Equal(t, len(states), found)
	usage := w.get("/stat3/default")
	requireShape(t, "stat3.json", usage.body)
	for id, state := range states {
		requireShape(t, "inspect2.json", w.get("/inspect2/default/"+id).body)
		requireShape(t, "stat2.json", w.get("/stat2/default/"+id).body)
		require.Contains(t, usage.body, `"`+id[:12]+`":{"id":"`+id[:12]+`"`, "%s: stat3 has every container", state)
	}
	isolated := w.get("/inspect2/default/" + created)
	require.Contains(t, isolated.body, `"ip_address":"","gateway":"","mac_address":""`)

	start := w.post("/start2", map[string]string{"id": paused, "host": "default"})
	require.Equal(t, http.StatusConflict, start.status, "paused: the daemon's own refusal")
	require.True(t, strings.HasPrefix(start.message(t), "Error response from daemon: "), start.body)
}

func TestUnknownThingsAre404(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	for _, path := range []string{"/ps2/other", "/inspect2/other/x", "/stat2/other/x", "/stat3/other", "/nowhere", "/v1/nowhere", "/ui/assets/nowhere.js"} {
		a := w.get(path)
		require.Equal(t, http.StatusNotFound, a.status, path)
		require.NotEmpty(t, a.message(t))
	}
	missing := w.get("/inspect2/default/no-such-container")
	require.Equal(t, http.StatusNotFound, missing.status)
	require.Equal(t, "Error response from daemon: No such container: no-such-container", missing.message(t))
	for _, path := range []string{"/start2", "/stop2"} {
		require.Equal(t, http.StatusNotFound, w.post(path, map[string]string{"id": "no-such-container", "host": "default"}).status)
		require.Equal(t, http.StatusNotFound, w.post(path, map[string]string{"id": "x", "host": "other"}).status)
	}
}

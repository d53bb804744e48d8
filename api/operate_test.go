package api_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

type change struct {
	Changed       bool
	Before, After string
	Reached       *bool
}

// Every operation on a real engine reports whether it changed anything.
func TestOperationsOnARealEngine(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	id := e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}})
	base := "/v1/hosts/default/containers/" + id + "/"
	for _, step := range []struct {
		path          string
		changed       bool
		before, after string
	}{
		{"start", false, "running", "running"},
		{"pause", true, "running", "paused"},
		{"pause", false, "paused", "paused"},
		{"unpause", true, "paused", "running"},
		{"unpause", false, "running", "running"},
		{"restart?timeout=0&wait=running", true, "running", "running"},
		{"kill?signal=KILL&wait=exited", true, "running", "exited"},
		{"stop", false, "exited", "exited"},
		{"start?wait=running&limit=10s", true, "exited", "running"},
		{"stop?timeout=0", true, "running", "exited"},
	} {
		var got change
		a := w.post(base+step.path, nil)
		for dockertest.GaveUpFreezing(a.body) {
			a = w.post(base+step.path, nil)
		}
		a.data(t, &got)
		require.Equal(t, step.changed, got.Changed, step.path)
		require.Equal(t, step.before, got.Before, step.path)
		require.Equal(t, step.after, got.After, step.path)
	}
	require.Equal(t, http.StatusConflict, w.post(base+"kill", nil).status, "nothing to kill")
	require.Equal(t, http.StatusConflict, w.post(base+"pause", nil).status)
	for path, says := range map[string]string{
		"start?signal=KILL": "signal", "kill?signal=..%2f": "signal", "stop?timeout=x": "timeout", "start?wait=later": "wait",
		"start?wait=healthy": "health check", "start?limit=1h": "limit", "start?force=1": "force",
	} {
		a := w.post(base+path, nil)
		require.Equal(t, http.StatusBadRequest, a.status, path)
		require.Contains(t, a.message(t), says)
	}
	require.Equal(t, http.StatusNotFound, w.post(base+"explode", nil).status)

	name := "renamed-" + id[:8]
	for _, changed := range []bool{true, false} {
		var got change
		w.post(base+"rename", map[string]string{"name": name}).data(t, &got)
		require.Equal(t, changed, got.Changed)
		require.Equal(t, "exited", got.After)
	}
	require.Equal(t, http.StatusOK, w.get("/v1/hosts/default/containers/"+name).status)
	taken := e.Run(t, dockertest.Spec{})
	a := w.post("/v1/hosts/default/containers/"+taken+"/rename", map[string]string{"name": name})
	require.Equal(t, http.StatusConflict, a.status)
	require.Contains(t, a.message(t), "already in use")
	for body, says := range map[string]string{
		`{}`: "name", `{"name":"a/b"}`: "name", `{"name":"` + id + `"}`: "id of a container", `{"new":"x"}`: "new", ``: "body",
	} {
		a := w.post(base+"rename", body)
		require.Equal(t, http.StatusBadRequest, a.status, body)
		require.Contains(t, a.message(t), says)
	}
	require.Equal(t, http.StatusNotFound, w.post("/v1/hosts/default/containers/none/stop", nil).status)
}

func TestUpdateAndRemoveOnARealEngine(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	viewer := w.person("onlooker", "viewer")
	id := e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}})
	base := "/v1/hosts/default/containers/" + id
	var got change
	w.post(base+"/update", `{"memory":67108864,"memory_swap":134217728,"cpus":0.5,"pids":60,"restart_policy":"unless-stopped"}`).data(t, &got)
	require.True(t, got.Changed)
	config := e.Inspect(t, id).HostConfig
	require.Equal(t, int64(64<<20), config.Memory)
	require.Equal(t, int64(5e8), config.NanoCPUs)
	require.Equal(t, "unless-stopped", string(config.RestartPolicy.Name))
	for body, says := range map[string]string{
		`{}`: "at least one", `{"memory":1}`: "memory", `{"memory":"1g"}`: "memory", `{"cpus":-1}`: "cpus", `{"cpus":1e999}`: "cpus",
		`{"pids":0}`: "pids", `{"restart_policy":"maybe"}`: "restart_policy", `{"privileged":true}`: "privileged",
	} {
		a := w.post(base+"/update", body)
		require.Equal(t, http.StatusBadRequest, a.status, body)
		require.Contains(t, a.message(t), says)
	}

	require.Equal(t, http.StatusForbidden, w.call("DELETE", base+"?force=true", viewer, nil).status)
	refused := w.call("DELETE", base, w.admin, nil)
	require.Equal(t, http.StatusConflict, refused.status, "it runs")
	require.Equal(t, http.StatusBadRequest, w.call("DELETE", base+"?wait=exited", w.admin, nil).status)
	withKey := func(r *http.Request) { r.Header.Set("Idempotency-Key", "away-with-it") }
	for range 2 {
		w.call("DELETE", base+"?force=true&volumes=true", w.admin, nil, withKey).data(t, &got)
		require.Equal(t, change{Changed: true, Before: "running"}, got)
	}
	require.Equal(t, http.StatusNotFound, w.call("DELETE", base, w.admin, nil).status)
	for _, action := range []string{"kill", "die", "destroy"} {
		require.Eventually(t, func() bool {
			var l loggedEvents
			w.get("/v1/events?type=container&container="+id+"&action="+action).data(t, &l)
			return len(l.Events) == 1 && l.Events[0].Attrs["wharf.actor"] == "gildong"
		}, waitLimit, waitTick, action)
	}
	require.Contains(t, w.get("/v1/audit?action=container.remove&outcome=ok").body, id)
}

func TestIdempotencyKeyRunsOnce(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	id := d.Add(dockertest.Container{Name: "web"})
	w := setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	withKey := func(key string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Idempotency-Key", key) }
	}
	restart := "/v1/hosts/fake/containers/web/restart"
	answers := make([]answer, 10)
	var calling sync.WaitGroup
	for i := range answers {
		calling.Go(func() { answers[i] = w.call("POST", restart, w.admin, nil, withKey("one")) })
	}
	calling.Wait()
	for _, a := range answers {
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.Equal(t, answers[0].body, a.body)
	}
	require.Equal(t, 1, d.Count("/containers/"+id+"/restart"))
	require.Equal(t, http.StatusOK, w.call("POST", restart, w.admin, nil, withKey("two")).status)
	require.Equal(t, 2, d.Count("/containers/"+id+"/restart"))

	other := w.call("POST", "/v1/hosts/fake/containers/web/stop", w.admin, nil, withKey("one"))
	require.Equal(t, http.StatusConflict, other.status)
	require.Equal(t, http.StatusBadRequest, w.call("POST", restart, w.admin, nil, withKey("a b")).status)

	body := w.call("POST", restart, w.admin, `{"other":"body"}`, withKey("one"))
	require.Equal(t, http.StatusUnprocessableEntity, body.status)
	require.Contains(t, body.message(t), "another body")
	require.Equal(t, 2, d.Count("/containers/"+id+"/restart"))

	// A failure isn't stored: a retry runs the operation again.
	missing := "/v1/hosts/fake/containers/gone/restart"
	require.Equal(t, http.StatusNotFound, w.call("POST", missing, w.admin, nil, withKey("three")).status)
	require.Equal(t, http.StatusOK, w.call("POST", restart, w.admin, nil, withKey("three")).status)
}

func TestReplayIsAuthorizedAgain(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	id := d.Add(dockertest.Container{Name: "web", Labels: map[string]string{"team": "web"}})
	w := setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	operator := w.person("operator", "none")
	granted := w.grant("operator", "fake", "team=web", "operator")
	revoke := func(id string) {
		require.Equal(t, http.StatusOK, w.call("DELETE", "/v1/grants/"+id, w.admin, nil).status)
	}
	restart := func(path string) answer {
		return w.call("POST", path, operator, nil, func(r *http.Request) { r.Header.Set("Idempotency-Key", "one") })
	}
	path := "/v1/hosts/fake/containers/web/restart"
	require.Equal(t, http.StatusOK, restart(path).status)
	again := restart(path)
	require.Equal(t, http.StatusOK, again.status)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))

	revoke(granted)
	require.Equal(t, http.StatusForbidden, restart(path).status, "no right at all")
	seen := w.grant("operator", "fake", "team=web", "viewer")
	require.Equal(t, http.StatusForbidden, restart(path).status, "not that right any more")
	w.grant("operator", "fake", "team=other", "operator")
	require.Equal(t, http.StatusForbidden, restart(path).status, "the right on others")
	revoke(seen)
	require.Equal(t, http.StatusNotFound, restart(path).status, "hidden now")
	require.Equal(t, 1, d.Count("/containers/"+id+"/restart"))
}

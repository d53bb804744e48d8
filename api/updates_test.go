package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

type updateAnswer struct {
	Containers []struct {
		ID     string
		Update *struct{ State, Digest, Reason string }
	}
}

// update returns what a server reports about a container's image. It asks again until the registry has answered.
func (w *fixture) update(t *testing.T, id string) (state, reason string) {
	t.Helper()
	require.Eventually(t, func() bool {
		var page updateAnswer
		w.call("GET", "/v1/containers?update=true&limit=5000", w.admin, nil).data(t, &page)
		for _, c := range page.Containers {
			require.NotNil(t, c.Update)
			if c.ID == id {
				state, reason = c.Update.State, c.Update.Reason
			}
		}
		return state != "" && state != "checking"
	}, waitLimit, waitTick)
	return state, reason
}

// On a real engine and a real registry: a tag that has moved in the registry is detected, even if the engine has pulled it already.
func TestATagThatHasMovedIsSeen(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	registry := dockertest.NewRegistry(t, dockertest.RegistryOptions{})
	again := func() *fixture { return setup(t, engineHosts([]dockertest.Engine{e})) } // a new server, with an empty cache
	w := again()
	name := registry.Push(t, e, "team/app:1", []byte("one"))
	pull := func() {
		a := w.call("POST", "/v1/images/pull", w.admin, `{"image":"`+name+`","hosts":["`+e.Name+`"]}`)
		require.Equal(t, http.StatusAccepted, a.status, a.body)
		a.status = http.StatusOK
		var p struct{ ID string }
		a.data(t, &p)
		l := w.listen("/v1/images/pulls/"+p.ID, w.admin)
		for f := l.next(); f.event != "end"; f = l.next() {
		}
	}
	pull()
	id := e.Run(t, dockertest.Spec{Image: name, Cmd: []string{"/content"}, Created: true})
	local := e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}, Created: true})
	state, _ := w.update(t, id)
	require.Equal(t, "current", state)
	state, _ = w.update(t, local)
	require.Equal(t, "local", state)

	registry.PushOver(t, e, "team/app:1", []byte("two"))
	state, _ = w.update(t, id)
	require.Equal(t, "current", state, "what the registry said is believed for an hour")
	state, _ = again().update(t, id)
	require.Equal(t, "available", state)
	pull()
	state, _ = again().update(t, id)
	require.Equal(t, "available", state, "the container still runs the old image")
}

func TestARegistryThatCannotBeAskedIsUnknown(t *testing.T) {
	t.Parallel()
	for words, c := range map[string]struct {
		status int
		reason string
	}{
		"toomanyrequests: You have reached your pull rate limit": {http.StatusInternalServerError, "limited"},
		"page not found": {http.StatusNotFound, "unsupported"},
		"errors:\ndenied: requested access to the resource is denied":      {http.StatusForbidden, "denied"},
		"manifest unknown: manifest unknown":                               {http.StatusNotFound, "unknown"},
		"Get \"https://registry.example.org/v2/\": dial tcp: no such host": {http.StatusInternalServerError, "unreachable"},
	} {
		d := dockertest.NewDaemon(t)
		id := d.Add(dockertest.Container{Name: "web", Image: "nginx:1.27"})
		d.Handle("GET /distribution/{name...}", func(w http.ResponseWriter, _ *http.Request) { dockertest.Fail(w, c.status, words) })
		w := setup(t, []dockerx.HostConfig{{Name: "a", Addr: d.Addr()}})
		state, reason := w.update(t, id)
		require.Equal(t, []string{"unknown", c.reason}, []string{state, reason}, words)
		asked := d.Count("/distribution/nginx:1.27/json")
		require.Equal(t, 1, asked)
		_, _ = w.update(t, id)
		require.Equal(t, asked, d.Count("/distribution/nginx:1.27/json"), "a failure is remembered, too")
		require.Contains(t, w.call("GET", "/v1/hosts/a", w.admin, nil).body, `"status":"up"`, "it says nothing of the host")
	}
}

func TestNobodyAsksNoRegistryIsAsked(t *testing.T) {
	t.Parallel()
	w, d := oneHost(t)
	d.Add(dockertest.Container{Name: "web", Image: "nginx:1.27"})
	require.NotContains(t, w.call("GET", "/v1/containers", w.admin, nil).body, `"update"`)
	require.Zero(t, d.Count("/distribution/nginx:1.27/json"))
	require.Equal(t, http.StatusBadRequest, w.call("GET", "/v1/containers?update=yes", w.admin, nil).status)
}

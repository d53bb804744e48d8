package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// A caller limited by label learns nothing about other containers from error messages, from requests that the daemon gets, or from
// prefixes of ids.
func TestHiddenContainersAreUnknownOnes(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	mine, hidden := "abc"+strings.Repeat("1", 61), "abc"+strings.Repeat("2", 61)
	d.Add(dockertest.Container{ID: mine, Name: "web", Labels: map[string]string{"team": "web"}},
		dockertest.Container{ID: hidden, Name: "money", Labels: map[string]string{"team": "money"}})
	w := setup(t, []dockerx.HostConfig{{Name: "h", Addr: d.Addr()}})
	token := w.person("hong", "none")
	w.grant("hong", "*", "team=web", "operator")
	get := func(path string) answer { return w.call("GET", path, token, nil) }

	for _, ref := range []string{"abc", "abc1", mine, "web"} {
		a := get("/inspect2/h/" + ref)
		require.Equal(t, http.StatusOK, a.status, "%s: %s", ref, a.body)
		require.Contains(t, a.body, mine)
	}
	require.Equal(t, http.StatusBadRequest, w.get("/inspect2/h/abc").status, "two, for an actor that sees both")

	before := len(inspections(d))
	for _, ref := range []string{"money", "abc2", hidden, "nothing", "def", strings.Repeat("f", 64)} {
		for name, a := range map[string]answer{
			"inspect": get("/inspect2/h/" + ref), "usage": get("/stat2/h/" + ref),
			"stop": w.call("POST", "/stop2", token, map[string]string{"id": ref, "host": "h"}),
		} {
			require.Equal(t, http.StatusNotFound, a.status, "%s %s", name, ref)
			require.Equal(t, "Error response from daemon: No such container: "+ref, a.message(t), name)
		}
	}
	require.Len(t, inspections(d), before, "the daemon hears of none of them")

	d.Handle("GET /containers/{id}/json", func(rw http.ResponseWriter, _ *http.Request) {
		dockertest.Fail(rw, http.StatusNotFound, "no container with name or ID \"x\" found: no such container")
	})
	require.Equal(t, "Error response from daemon: No such container: abc1", get("/inspect2/h/abc1").message(t),
		"one that is gone since the list isn't reported in the engine's words, which differ")
}

// inspections returns the paths of single containers that were requested from the daemon.
func inspections(d *dockertest.Daemon) []string {
	var paths []string
	for _, r := range d.Requests() {
		if strings.HasSuffix(r.Path, "/json") && !strings.HasSuffix(r.Path, "/containers/json") {
			paths = append(paths, r.Path)
		}
	}
	return paths
}

func TestLabelFiltersTellNothingThatIsMasked(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "web", Labels: map[string]string{"api.token": "hunter2", "cmd": "run --password hunter3"}})
	w := setup(t, []dockerx.HostConfig{{Name: "h", Addr: d.Addr()}})
	viewer := w.person("hong", "viewer")
	for _, guess := range []string{"label=api.token=hunter2", "label=cmd=run+--password+hunter3", "q=hunter2", "q=hunter3"} {
		for _, path := range []string{"/v1/containers?", "/v1/hosts/h/containers?"} {
			require.NotContains(t, w.call("GET", path+guess, viewer, nil).body, `"web"`, guess)
			require.Contains(t, w.get(path+guess).body, `"web"`, "an admin sees the value, and finds by it: %s", guess)
		}
	}
	require.Contains(t, w.call("GET", "/v1/containers?label=api.token", viewer, nil).body, `"web"`)
}

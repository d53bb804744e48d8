package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

type recreated struct {
	Changed       bool
	Before, After string
	NewID         string `json:"new_id"`
}

// An operator may recreate a container with its own image; another image requires the right to run commands there. The new
// container is covered by the same grants as the old one, and hidden containers don't exist.
func TestRecreateStaysWithinGrants(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	web := d.Add(dockertest.Container{Name: "web", Image: "nginx:1.27", Labels: map[string]string{"team": "web"}})
	d.Add(dockertest.Container{Name: "money", Labels: map[string]string{"team": "money"}})
	w := setup(t, []dockerx.HostConfig{{Name: "a", Addr: d.Addr()}})
	operator, viewer, shell := w.person("operator", "none"), w.person("viewer", "none"), w.person("shell", "none")
	w.grant("operator", "a", "team=web", "operator")
	w.grant("viewer", "a", "team=web", "viewer")
	require.Equal(t, http.StatusOK, w.post("/v1/grants", `{"username":"shell","hosts":"a","labels":"team=web","role":"operator","exec":true}`).status)

	recreate := func(token, name, body string) answer {
		return w.call("POST", "/v1/hosts/a/containers/"+name+"/recreate", token, body)
	}
	require.Equal(t, http.StatusForbidden, recreate(viewer, "web", `{}`).status)
	require.Equal(t, http.StatusNotFound, recreate(operator, "money", `{}`).status)
	a := recreate(operator, "web", `{"image":"nginx:1.28"}`)
	require.Equal(t, http.StatusForbidden, a.status)
	require.Contains(t, a.body, "another image needs the right to run commands in the container")
	require.Equal(t, web, d.Containers()[0].ID)

	var r recreated
	recreate(operator, "web", `{"image":"nginx:1.27"}`).data(t, &r)
	require.Equal(t, recreated{true, "running", "running", r.NewID}, r)
	require.Equal(t, http.StatusOK, w.call("GET", "/v1/hosts/a/containers/"+r.NewID, operator, nil).status)
	require.Equal(t, http.StatusNotFound, w.call("GET", "/v1/hosts/a/containers/"+web, operator, nil).status)
	recreate(shell, "web", `{"image":"nginx:1.28"}`).data(t, &r)
	for _, c := range d.Containers() {
		if c.ID == r.NewID {
			require.Equal(t, "nginx:1.28", c.Image)
			require.Equal(t, "web", c.Name)
		}
	}
	require.Len(t, d.Containers(), 2)
	for _, body := range []string{`{"image":"../x"}`, `{"wait":"exited"}`, `{"limit":"1h"}`, `{"limit":"soon"}`, `{"wait":"healthy"}`, `{"imagine":1}`} {
		require.Equal(t, http.StatusBadRequest, recreate(operator, "web", body).status, body)
	}
	require.Len(t, d.Containers(), 2)
}

// A new image can't move a container out of the grants of the operator that recreates it.
func TestRecreateKeepsAContainerWithinAGrantByLabel(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	operator := w.person("operator", "none")
	team := "team-" + dockertest.NewID()[:12]
	w.grant("operator", "default", team, "operator")
	image := "wharf-labels:" + team
	e.Commit(t, image, "LABEL "+team+"=1", `CMD ["sleep"]`)
	id := e.Run(t, dockertest.Spec{Image: image})
	e.Commit(t, image, `CMD ["sleep"]`)
	a := w.call("POST", "/v1/hosts/default/containers/"+id+"/recreate", operator, `{}`)
	require.Equal(t, http.StatusConflict, a.status, a.body)
	require.Contains(t, a.body, "with the new image's labels the container would be none that you may operate on")
	require.Equal(t, "running", e.State(t, id))
}

// On a real engine, the events that a recreation causes are attributed to it, for both containers, whether or not it succeeds.
func TestWhatARecreationCausesIsNotUnexpected(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	image := "wharf-causes:" + dockertest.NewID()[:12]
	e.Commit(t, image, `CMD ["sleep"]`)
	label := strings.ReplaceAll(image, ":", "-")
	e.RemoveLabelled(t, label)
	id := e.Run(t, dockertest.Spec{Image: image, Name: label, Labels: map[string]string{label: ""}})
	b := w.begin(t, w.admin, `{"operation":"recreate","select":{"name":["`+label+`"]},"wait":"running"}`)
	w.awaitBulk(t, b.ID, "succeeded")
	next := e.Labelled(t, label)[0].ID
	require.NotEqual(t, id, next)

	e.Commit(t, image, `HEALTHCHECK --interval=1s --retries=1 CMD ["/app", "exit", "1"]`)
	a := w.post("/v1/hosts/default/containers/"+label+"/recreate", `{"wait":"healthy","limit":"2s"}`)
	require.Equal(t, http.StatusConflict, a.status, a.body)
	require.Contains(t, a.body, "the old container is as it was")
	require.Equal(t, next, e.Labelled(t, label)[0].ID)

	ended := func(query string) (l loggedEvents) {
		w.get("/v1/events?type=container&action=die"+query).data(t, &l)
		return l
	}
	require.Eventually(t, func() bool { return len(ended("").Events) >= 3 }, waitLimit, waitTick, "the first, the second, the one that failed")
	for _, ev := range ended("&unexpected=true").Events {
		require.NotEqual(t, label, ev.Attrs["name"], "%+v", ev)
	}
	require.Empty(t, ended("&unexpected=true&container="+id).Events)
	require.Empty(t, ended("&unexpected=true&container="+next).Events)
	audit := w.get("/v1/audit?action=container.recreate").body
	require.Contains(t, audit, `"operation `+b.ID+`"`)
	require.Contains(t, audit, "in place of "+next[:12])
	require.Contains(t, audit, "cannot see the new container")
}

// awaitBulk waits until an operation on many containers has ended in the given state.
func (w *fixture) awaitBulk(t *testing.T, id, state string) {
	t.Helper()
	var got bulkAnswer
	require.Eventually(t, func() bool {
		w.get("/v1/operations/"+id).data(t, &got)
		return got.State != "running"
	}, waitLimit, waitTick)
	require.Equal(t, state, got.State)
}

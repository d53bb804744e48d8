package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

type loggedEvents struct {
	Events []struct {
		Action  string
		ActorID string `json:"actor_id"`
		Attrs   map[string]string
	}
}

// On a real engine: a stop by a user is distinguished from a container that dies by itself.
func TestStoppedBySomeoneIsToldFromDiedByItself(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	viewer := w.person("hong", "viewer")
	stopped := e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}, Labels: map[string]string{"wharf.actor": "forged"}})
	died := e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}})
	w.post("/v1/hosts/default/containers/"+stopped+"/stop?timeout=0", nil)
	e.Kill(t, died, "KILL")

	history := func(token, id, query string) (l loggedEvents) {
		w.call("GET", "/v1/events?type=container&container="+id+query, token, nil).data(t, &l)
		return l
	}
	require.Eventually(t, func() bool {
		return len(history(w.admin, died, "&action=die").Events) == 1 && len(history(w.admin, stopped, "&action=stop").Events) == 1
	}, waitLimit, waitTick)
	for _, action := range []string{"kill", "die", "stop"} {
		l := history(w.admin, stopped, "&action="+action)
		require.NotEmpty(t, l.Events, action)
		require.Equal(t, "gildong", l.Events[0].Attrs["wharf.actor"], action)
		require.Contains(t, w.get("/v1/audit?action=container.stop").body, l.Events[0].Attrs["wharf.audit"])
	}
	require.NotContains(t, history(w.admin, stopped, "&action=start").Events[0].Attrs, "wharf.actor", "a label doesn't forge it")
	require.NotContains(t, history(viewer, stopped, "&action=die").Events[0].Attrs, "wharf.actor", "admins alone see the actor")
	require.Len(t, history(w.admin, died, "&unexpected=true").Events, 1)
	require.Empty(t, history(w.admin, stopped, "&unexpected=true").Events)
}

// On a real engine: a stop by hand right after a stop through wharf isn't attributed to that one, nor to one that had nothing to
// do.
func TestStopByHandRightAfterOneThroughWharfIsUnexpected(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	id := e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}})
	stop := "/v1/hosts/default/containers/" + id + "/stop?timeout=0"
	ends := func(query string) (audits []string) {
		var l loggedEvents
		w.get("/v1/events?container="+id+"&action=die&action=stop&order=asc"+query).data(t, &l)
		for _, event := range l.Events {
			audits = append(audits, event.Attrs["wharf.audit"])
		}
		return audits
	}
	for n := range 2 { // the second one finds the container stopped
		require.Equal(t, http.StatusOK, w.post(stop, nil).status)
		e.Start(t, id)
		e.Stop(t, id)
		// An end that is reported while the next action is under way may be attributed to that one: clocks can't tell.
		require.Eventually(t, func() bool { return len(ends("")) == []int{4, 6}[n] }, waitLimit, waitTick)
	}
	all := ends("")
	require.NotEmpty(t, all[0])
	require.Equal(t, []string{all[0], all[0], "", "", "", ""}, all)
	require.Len(t, ends("&unexpected=true"), 4)
	require.Contains(t, w.get("/v1/audit?action=container.stop&limit=1").body, `"detail":"nothing to do"`)
}

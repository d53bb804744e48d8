package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// A container's history shows the gaps in it, but no gap of a hidden host.
func TestAContainersHistoryHasTheGapsOfVisibleHosts(t *testing.T) {
	t.Parallel()
	prod, dev := dockertest.NewDaemon(t), dockertest.NewDaemon(t)
	w := setup(t, []dockerx.HostConfig{{Name: "prod-1", Addr: prod.Addr()}, {Name: "dev-1", Addr: dev.Addr()}})
	all := w.listen("/events", w.admin)
	for _, d := range []*dockertest.Daemon{prod, dev} {
		require.Eventually(t, func() bool { return d.Streams() == 1 }, waitLimit, waitTick)
		d.Emit(dockertest.NewMessage("container", "die", dockertest.NewID(), map[string]string{"name": "shop", "team": "web"}))
		d.Emit(dockertest.NewMessage("container", "die", dockertest.NewID(), map[string]string{"name": "ledger", "team": "money"}))
		all.await("ledger")
		d.Forget()
		require.Equal(t, 1, d.CutStreams())
		all.await("continuity not proved")
	}
	token := w.person("hong", "none")
	w.grant("hong", "prod-*", "team=web", "viewer")
	for _, c := range []struct{ token, query, want string }{
		{w.admin, "container=shop&action=die", "gap dev-1, die dev-1, gap prod-1, die prod-1"},
		{w.admin, "container=shop&action=die&unexpected=true&order=asc", "die prod-1, gap prod-1, die dev-1, gap dev-1"},
		{token, "container=shop&action=die", "gap prod-1, die prod-1"},
		{token, "container=ledger&action=die", "gap prod-1"},
		{token, "container=nothing&type=container&action=die", "gap prod-1"},
	} {
		a := w.call("GET", "/v1/events?"+c.query, c.token, nil)
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.Equal(t, c.want, briefly(t, a), c.query)
	}
	require.Equal(t, http.StatusBadRequest, w.call("GET", "/v1/events?host=dev-1", token, nil).status, "a hidden host is an unknown one")
}

// briefly returns the action and the host of each event in an answer.
func briefly(t *testing.T, a answer) string {
	t.Helper()
	var page struct {
		Events []struct{ Action, Host string }
	}
	a.data(t, &page)
	out := ""
	for i, e := range page.Events {
		if i > 0 {
			out += ", "
		}
		out += e.Action + " " + e.Host
	}
	return out
}

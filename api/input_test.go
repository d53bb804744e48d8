package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// A pair that the standard library drops silently could be a filter, or a harmless signal.
func TestQueryThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "web"})
	w := setup(t, []dockerx.HostConfig{{Name: "a", Addr: d.Addr()}})
	for _, query := range []string{"signal=WINCH;limit=5s", "signal=WINCH&limit=%zz", "signal=%", "a;b", ";"} {
		a := w.post("/v1/hosts/a/containers/web/kill?"+query, nil)
		require.Equal(t, http.StatusBadRequest, a.status, "%s: %s", query, a.body)
		require.Contains(t, a.message(t), "query: ")
	}
	require.Zero(t, d.Count("/containers/web/kill"), "no daemon hears of it")
	for _, path := range []string{
		"/v1/containers?label=team=web%zz", "/v1/audit?user=nobody;", "/v1/events?host=a;b=c", "/events?host=%g", "/v1/users?limit=1;",
	} {
		require.Equal(t, http.StatusBadRequest, w.get(path).status, path)
	}
	require.Equal(t, http.StatusOK, w.get("/v1/containers?label=team%3Dweb&label=a%3Bb").status, "written as it should be")
}

func TestUnknownFieldsBelowV1AreRefused(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	for path, body := range map[string]string{
		"/v1/grants": `{"username":"gildong","hosts":"*","label":"team=web","role":"viewer"}`,
		"/v1/keys":   `{"name":"ci","role":"viewer","expires":"2030-01-01T00:00:00Z"}`,
		"/v1/users":  `{"username":"hong","password":"123123","full_name":"H","email":"h@email.com","roles":"admin"}`,
	} {
		a := w.post(path, body)
		require.Equal(t, http.StatusBadRequest, a.status, "%s: %s", path, a.body)
		require.Regexp(t, `^(label|expires|roles): unknown field$`, a.message(t))
	}
	a := w.post("/user", `{"username":"hong","password":"123123","full_name":"H","email":"h@email.com","roles":"admin"}`)
	require.Equal(t, http.StatusOK, a.status, "the contract's endpoints ignore what they don't know: %s", a.body)
}

func TestTimesInBodiesAreBounded(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	for _, at := range []string{
		"0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00", "tomorrow", "2030-01-01",
	} {
		a := w.post("/v1/keys", map[string]string{"name": "k", "role": "viewer", "expires_at": at})
		require.Equal(t, http.StatusBadRequest, a.status, "%s: %s", at, a.body)
		require.Contains(t, a.message(t), at)
	}
	require.Equal(t, http.StatusOK, w.post("/v1/keys", `{"name":"last","role":"viewer","expires_at":"9999-12-31T23:59:59Z"}`).status)
	require.Equal(t, http.StatusOK, w.post("/v1/keys", `{"name":"never","role":"viewer","expires_at":null}`).status)
	a := w.get("/v1/keys")
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Contains(t, a.body, "9999-12-31T23:59:59Z")
}

func TestTimesInQueriesAreBounded(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	w := setup(t, []dockerx.HostConfig{{Name: "a", Addr: d.Addr()}})
	for _, at := range []string{"9999-12-31T23:59:59-23:59", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z"} {
		require.Equal(t, http.StatusBadRequest, w.get("/v1/events?until="+at).status, at)
		require.Equal(t, http.StatusBadRequest, w.get("/v1/audit?since="+at).status, at)
	}
	require.Eventually(t, func() bool {
		var hosts []struct{ Streaming bool }
		w.get("/v1/hosts").data(t, &hosts)
		return hosts[0].Streaming
	}, time.Minute, 5*time.Millisecond)
	d.Emit(dockertest.NewMessage("container", "start", dockertest.NewID(), nil))
	require.Eventually(t, func() bool {
		a := w.get("/v1/events?type=container&since=1970-01-01T00:00:00Z&until=9999-12-31T23:59:59Z")
		require.Equal(t, http.StatusOK, a.status, a.body)
		var page struct {
			Events []struct{ Action string } `json:"events"`
		}
		a.data(t, &page)
		return len(page.Events) > 0
	}, time.Minute, 5*time.Millisecond, "a far end leaves nothing out")
}

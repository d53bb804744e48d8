package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

type bulkAnswer struct {
	ID, Operation, State, User string
	Targets                    []struct{ Host, ID, Name, State, Detail, After string }
	Hosts                      []struct {
		Host string
		OK   bool
	}
}

// begin starts an operation on many containers.
func (w *fixture) begin(t *testing.T, token, body string) (b bulkAnswer) {
	t.Helper()
	a := w.call("POST", "/v1/operations", token, body)
	require.Equal(t, http.StatusAccepted, a.status, a.body)
	require.NoError(t, json.Unmarshal([]byte(a.body), &struct{ Data *bulkAnswer }{&b}))
	return b
}

// On real engines: one call restarts the containers on two hosts that a label selects, a stream reports each as it ends, and the
// audit has a row for each that names the operation.
func TestOneCallRestartsWhatALabelSelects(t *testing.T) {
	t.Parallel()
	engines := dockertest.Engines(t)[:2]
	w := setup(t, engineHosts(engines))
	app := "app-" + dockertest.NewID()[:12]
	var ids []string
	for i := range 4 {
		ids = append(ids, engines[i%2].Run(t, dockertest.Spec{Cmd: []string{"sleep"}, Labels: map[string]string{"app": app, "com.docker.compose.project": app}}))
	}
	body := fmt.Sprintf(`{"operation":"restart","select":{"label":["app=%s"]},"parallel":2,"per_host":1,"timeout":0,"wait":"running","dry_run":%%t}`, app)
	plan := w.begin(t, w.admin, fmt.Sprintf(body, true))
	require.Equal(t, "planned", plan.State)
	require.Empty(t, plan.ID)
	require.Len(t, plan.Targets, 4)

	b := w.begin(t, w.admin, fmt.Sprintf(body, false))
	require.Equal(t, "gildong", b.User)
	l := w.listen("/v1/operations/"+b.ID, w.admin)
	for range ids {
		f := l.next()
		require.Equal(t, "target", f.event)
		require.Contains(t, f.data, `"state":"ok"`)
		require.Contains(t, f.data, `"after":"running"`)
	}
	end := l.next()
	require.Equal(t, "end", end.event)
	require.JSONEq(t, `{"state":"succeeded"}`, end.data)
	resumed := w.listen("/v1/operations/"+b.ID, w.admin, func(r *http.Request) { r.Header.Set("Last-Event-ID", "3") })
	require.Equal(t, "4", resumed.next().id)
	require.Equal(t, "end", resumed.next().event)

	var got bulkAnswer
	w.get("/v1/operations/"+b.ID).data(t, &got)
	require.Equal(t, "succeeded", got.State)
	audit := w.get("/v1/audit?action=container.restart").body
	require.Contains(t, audit, `"operation `+b.ID+`"`)
	for _, id := range ids {
		require.Contains(t, audit, id)
	}
	require.Contains(t, w.get("/v1/projects?project="+app).body, `"containers":4,"running":4,"state":"running"`)
}

// An operation covers only containers within the caller's grants, and callers see only their part of an operation.
func TestOperationOnManyStaysWithinGrants(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "web", Labels: map[string]string{"team": "web"}}, dockertest.Container{Name: "money", Labels: map[string]string{"team": "money"}})
	w := setup(t, []dockerx.HostConfig{{Name: "a", Addr: d.Addr()}})
	operator, viewer, other := w.person("operator", "none"), w.person("viewer", "none"), w.person("other", "none")
	w.grant("operator", "a", "team=web", "operator")
	w.grant("viewer", "a", "team=web", "viewer")
	w.grant("other", "a", "team=other", "operator")
	all := `{"operation":"stop","select":{"host":["a"]}}`
	require.Equal(t, http.StatusForbidden, w.call("POST", "/v1/operations", viewer, all).status)
	require.Equal(t, http.StatusNotFound, w.call("POST", "/v1/operations", other, all).status)
	b := w.begin(t, operator, all)
	require.Len(t, b.Targets, 1)
	require.Equal(t, "web", b.Targets[0].Name)
	path := "/v1/operations/" + b.ID
	var seen bulkAnswer
	w.call("GET", path, viewer, nil).data(t, &seen)
	require.Len(t, seen.Targets, 1)
	require.Empty(t, seen.User)
	require.Equal(t, http.StatusNotFound, w.call("GET", path, other, nil).status)
	require.Equal(t, http.StatusNotFound, w.call("POST", path+"/cancel", other, nil).status)
	require.Equal(t, http.StatusForbidden, w.call("POST", path+"/cancel", viewer, nil).status)
	require.Equal(t, http.StatusOK, w.call("POST", path+"/cancel", operator, nil).status)
	require.Eventually(t, func() bool {
		var got bulkAnswer
		w.get(path).data(t, &got)
		return got.State != "running"
	}, waitLimit, waitTick)
}

func TestSenselessOperationsOnManyAreRefused(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "web"})
	w := setup(t, []dockerx.HostConfig{{Name: "a", Addr: d.Addr()}})
	for body, says := range map[string]string{
		`{}`: "operation", `{"operation":"explode","select":{"host":["a"]}}`: "operation", `{"operation":"rename","select":{"host":["a"]}}`: "operation",
		`{"operation":"stop"}`: "select", `{"operation":"stop","select":{"name":[""]}}`: "select", `{"operation":"stop","select":{"ids":["web"]}}`: "ids",
		`{"operation":"stop","select":{"host":["a"]},"parallel":101}`: "parallel", `{"operation":"stop","select":{"host":["a"]},"per_host":-1}`: "per_host",
		`{"operation":"stop","select":{"host":["a"]},"wait":"later"}`: "wait", `{"operation":"stop","select":{"host":["a"]},"limit":"1h"}`: "limit",
		`{"operation":"stop","select":{"host":["a"]},"force":true}`: "force", `{"operation":"start","select":{"host":["a"]},"timeout":1}`: "timeout",
		`{"operation":"pause","select":{"host":["a"]},"signal":"TERM"}`: "signal", `{"operation":"stop","select":{"host":["a"]},"stop_after_failures":-1}`: "stop_after_failures",
		`{"operation":"kill","select":{"host":["a"]},"signal":"a b"}`: "signal", `{"operation":"stop","select":{"hosts":["a"]}}`: "hosts",
		`{"operation":"remove","select":{"host":["a"]},"wait":"exited"}`: "wait",
	} {
		a := w.post("/v1/operations", body)
		require.Equal(t, http.StatusBadRequest, a.status, "%s: %s", body, a.body)
		require.Contains(t, a.message(t), says, body)
	}
	require.Equal(t, http.StatusNotFound, w.post("/v1/operations", `{"operation":"stop","select":{"name":["nothing"]}}`).status)
	require.Equal(t, http.StatusNotFound, w.post("/v1/operations", `{"operation":"stop","select":{"host":["nowhere"]}}`).status)
	require.Equal(t, http.StatusNotFound, w.get("/v1/projects?host=nowhere").status)
	for _, c := range d.Containers() {
		require.Zero(t, d.Count("/containers/"+c.ID+"/stop"))
	}
}

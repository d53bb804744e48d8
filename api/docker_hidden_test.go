package api_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// A caller of the typed tier learns nothing about a container that it may not see: not by any reference, filter, event or count.
func TestDockerHidesContainers(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	token := w.person("hong", "none")
	team := strings.ToLower(rand.Text()[:8]) // other tests use the engine too
	w.grant("hong", "*", "team="+team, "operator")
	start := time.Now().Add(-time.Second)
	hiddenName := "money-" + team
	hidden := e.Run(t, dockertest.Spec{Name: hiddenName, Labels: map[string]string{"team": "money"}, Networks: []string{"default"}})
	mine := e.Run(t, dockertest.Spec{Labels: map[string]string{"team": team}, Links: []string{hiddenName + ":safe"}})
	get := func(path string) answer { return w.call("GET", "/docker/default"+path, token, nil) }

	for _, ref := range []string{hidden, hidden[:12], hidden[:4], hiddenName, "/" + hiddenName, mine[:12] + "/../" + hidden, hidden + "%2fjson", "..%2f..%2fcontainers%2f" + hidden} {
		for _, path := range []string{"/json", "/logs?stdout=1", "/stats?stream=0", "/top"} {
			a := get("/containers/" + ref + path)
			require.Contains(t, []int{http.StatusNotFound, http.StatusBadRequest}, a.status, "%s%s: %s", ref, path, a.body)
			require.NotContains(t, strings.ReplaceAll(a.body, ref, ""), hiddenName)
		}
	}
	for _, filter := range []string{
		`{"id":["` + hidden + `"]}`, `{"name":["` + hiddenName + `"]}`, `{"label":["team=money"]}`, `{"before":["` + hidden + `"]}`,
		`{"since":["` + hidden + `"]}`, `{"ancestor":["wharf-test"]}`, `{"status":["running"]}`, `{"network":["bridge"]}`, `{}`,
	} {
		for _, all := range []string{"0", "1"} {
			a := get("/containers/json?size=1&all=" + all + "&filters=" + url.QueryEscape(filter))
			if strings.HasPrefix(filter, `{"before`) || strings.HasPrefix(filter, `{"since`) {
				require.Equal(t, http.StatusNotFound, a.status)
				require.Equal(t, "No such container: "+hidden, a.dockerMessage(t), "as of one that doesn't exist")
				continue
			}
			require.Equal(t, http.StatusOK, a.status, a.body)
			require.NotContains(t, a.body, hidden, filter)
			require.NotContains(t, a.body, hiddenName, filter)
		}
	}
	inspected := get("/containers/" + mine + "/json")
	require.Equal(t, http.StatusOK, inspected.status)
	require.NotContains(t, inspected.body, hiddenName, "what it is linked with")
	require.Contains(t, w.get("/docker/default/containers/"+mine+"/json").body, hiddenName)

	events := fmt.Sprintf("/events?since=%d&until=%d", start.Unix(), time.Now().Unix()+1)
	require.Eventually(t, func() bool { return strings.Contains(w.get("/docker/default"+events).body, hidden) }, waitLimit, waitTick)
	for _, filter := range []string{`{}`, `{"container":["` + hiddenName + `"]}`, `{"container":["` + hidden + `"]}`, `{"type":["network"]}`, `{"event":["start"]}`} {
		a := get(events + "&filters=" + url.QueryEscape(filter))
		require.Equal(t, http.StatusOK, a.status)
		require.NotContains(t, a.body, hidden)
		require.NotContains(t, a.body, hiddenName)
	}
	require.Contains(t, get(events).body, mine)
	require.Contains(t, get("/info").body, `"Containers":1,`)
	require.Contains(t, get("/info").body, `"ID":"",`)
}

// An exec exists only for its creator.
func TestDockerExecsAreTheirCreators(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	id := e.Run(t, dockertest.Spec{})
	other := w.person("other", "admin")
	made := w.post("/docker/default/containers/"+id+"/exec", `{"AttachStdout":true,"Cmd":["/app","env"]}`)
	require.Equal(t, http.StatusCreated, made.status, made.body)
	exec := strings.Split(made.body, `"`)[3]
	require.Regexp(t, `^[0-9a-f]{64}$`, exec)
	foreign := e.PrepareExec(t, id, "env") // known to the engine, not to wharf
	for _, id := range []string{exec, exec[:12], foreign, "x", "..", "%2e%2e%2fcontainers"} {
		for _, call := range []struct{ method, path, token string }{
			{"GET", "/json", other}, {"POST", "/start", other}, {"POST", "/resize?h=1&w=1", other},
		} {
			a := w.call(call.method, "/docker/default/exec/"+id+call.path, call.token, map[string]bool{})
			require.Equal(t, http.StatusNotFound, a.status, "%s %s", id, a.body)
		}
	}
	again := w.login("gildong", w.password).access // another session of the same user
	require.Equal(t, http.StatusNotFound, w.call("GET", "/docker/default/exec/"+exec+"/json", again, nil).status)
	require.Contains(t, w.get("/docker/default/exec/"+exec+"/json").body, `"Running":false`)
	require.Equal(t, http.StatusNotFound, w.get("/docker/default/exec/"+foreign+"/json").status)

	off := e.Run(t, dockertest.Spec{Labels: map[string]string{"wharf.exec": "off"}})
	a := w.post("/docker/default/containers/"+off+"/exec", `{"Cmd":["/app","env"]}`)
	require.Equal(t, http.StatusForbidden, a.status)
	require.Contains(t, a.dockerMessage(t), "wharf.exec=off")
}

// FuzzDockerPaths requests arbitrary paths below /docker: only requests that the table allows reach the engine.
func FuzzDockerPaths(f *testing.F) {
	for _, seed := range []string{
		"v1.41/containers/web/json", "containers/../images/json", "containers/..%2fimages/json", "containers/web%2fjson", "containers/%2e%2e/json",
		"containers/web;x/json", "containers/a\\b/json", "v1.41/v1.41/_ping", "exec/../containers/web/start", "images/x/../../containers/web/json",
		"containers/web/json?size=1#x", "containers/web/rename?name=../x", "containers/%00/json", "containers/web\u2215json/json", "_ping/", "v1.99/_ping",
	} {
		f.Add("GET", seed)
		f.Add("POST", strings.Replace(seed, "/json", "/start", 1))
	}
	d := dockertest.NewDaemon(f)
	d.Add(dockertest.Container{Name: "web"})
	w := setup(f, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	f.Fuzz(func(t *testing.T, method, path string) {
		if method != "GET" && method != "HEAD" && method != "DELETE" {
			method = "POST"
		}
		if strings.Contains(path, "stats") || strings.Contains(path, "events") || strings.Contains(path, "wait") || strings.Contains(path, "follow") {
			return // streams don't end
		}
		before := len(d.Requests())
		a := w.in(t).call(method, "/docker/fake/"+rawPath(path), w.admin, "{}")
		require.NotEqual(t, http.StatusInternalServerError, a.status, a.body)
		for _, r := range d.Requests()[before:] {
			require.Regexp(t, `^/v1\.\d+/((containers/[A-Za-z0-9_.-]+/(json|top|logs|start|stop|restart|kill|pause|unpause|rename|update|resize|exec))|containers/[A-Za-z0-9_.-]+|containers/json|images/json|info|version|events)$|^/_ping$`, r.Path)
		}
	})
}

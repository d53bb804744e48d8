package api_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dockerapi"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/service"
)

// recordedEngine is a real engine behind a proxy that records its requests.
type recordedEngine struct {
	addr string
	mu   sync.Mutex
	asks []string
}

func recordEngine(t *testing.T, e dockertest.Engine) *recordedEngine {
	t.Helper()
	proxy := engineProxy(t, e)
	rec := &recordedEngine{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec.mu.Lock()
		rec.asks = append(rec.asks, r.Method+" "+r.URL.Path)
		rec.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	rec.addr = "tcp://" + server.Listener.Addr().String()
	return rec
}

// engineProxy forwards requests to an engine's socket.
func engineProxy(t *testing.T, e dockertest.Engine) *httputil.ReverseProxy {
	t.Helper()
	socket := strings.TrimPrefix(e.Addr, "unix://")
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "engine"})
	proxy.Transport, proxy.FlushInterval = transport, -1
	return proxy
}

// asked counts the requests that the engine got because of a caller: not the list, events and information that wharf reads anyway.
func (e *recordedEngine) asked() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, ask := range e.asks {
		own := []string{"/containers/json", "/_ping", "/info", "/version", "/events"}
		if !slices.ContainsFunc(own, func(path string) bool { return strings.HasSuffix(ask, path) }) {
			n++
		}
	}
	return n
}

// dockerCaller is a caller of the matrix, with its rights on the container made for it and on a hidden one.
type dockerCaller struct {
	name, token string
	may         service.Permission // on containers that it sees; 0: no access at all
	all         bool               // sees every container of the host
}

// Every operation of Docker's API for every role, on a real engine: an allowed operation of the typed tier is performed, any other
// is refused with the right status and without a request to the engine.
func TestEveryDockerOperationForEachRole(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	engine := recordEngine(t, e)
	w := setup(t, []dockerx.HostConfig{
		{Name: "ours", Addr: engine.addr, Timeouts: dockerx.Timeouts{Ping: 30 * time.Second, Read: time.Minute}},
	})
	callers := []dockerCaller{
		{name: "nobody"},
		{name: "none", token: w.person("none", "none")},
		{name: "viewer", token: w.person("viewer", "viewer"), may: service.View, all: true},
		{name: "operator", token: w.person("operator", "operator"), may: service.Operate, all: true},
		{name: "admin", token: w.admin, may: service.Administer, all: true},
		{name: "grantee", token: w.person("grantee", "none"), may: service.Operate},
	}
	w.grant("grantee", "ours", "team=web", "operator")
	hidden := e.Run(t, dockertest.Spec{Labels: map[string]string{"team": "money"}})
	cells := 0
	for _, c := range callers {
		for _, rt := range dockerapi.Routes(service.NewHosts(nil, nil)) {
			targets := []string{"web"}
			if strings.HasPrefix(rt.Pattern, "/containers/{id}") {
				targets = append(targets, "hidden")
			}
			for _, target := range targets {
				id := hidden
				want := statusOf(rt, c, target == "hidden")
				if target == "web" {
					id = strings.Repeat("0", 64)
					if done(want) && strings.HasPrefix(rt.Pattern, "/containers/{id}") {
						id = e.Run(t, dockertest.Spec{Labels: map[string]string{"team": "web"}, Created: !needsRunning(rt)})
						require.Eventually(t, func() bool { // wharf learns about it from an event
							return w.call("GET", "/inspect2/ours/"+id, c.token, nil).status == http.StatusOK
						}, waitLimit, waitTick)
					}
				} else if done(want) {
					continue // the caller may see it
				}
				cells++
				before := engine.asked()
				a := w.tryDocker(rt, c.token, id)
				for dockertest.GaveUpFreezing(a.body) {
					a = w.tryDocker(rt, c.token, id)
				}
				what := rt.Method + " " + rt.Pattern + " as " + c.name + " on " + target
				if want == http.StatusOK {
					require.Contains(t, []int{200, 201, 204, 304}, a.status, "%s: %s", what, a.body)
					continue
				}
				require.Equal(t, want, a.status, "%s: %s", what, a.body)
				if done(want) {
					continue
				}
				require.Equal(t, before, engine.asked(), "%s reached the engine", what)
			}
		}
	}
	require.Greater(t, cells, 700)
}

// done reports whether a status shows that a call was admitted: it succeeded, or conflicts with the container's state.
func done(status int) bool { return status == http.StatusOK || status == http.StatusConflict }

// needsRunning reports whether an operation makes sense only on a running container.
func needsRunning(rt dockerapi.Route) bool {
	return slices.ContainsFunc([]string{"/top", "/kill", "/pause", "/exec"}, func(end string) bool { return strings.HasSuffix(rt.Pattern, end) })
}

// statusOf returns the expected status; 200 stands for any success.
func statusOf(rt dockerapi.Route, c dockerCaller, hidden bool) int {
	switch {
	case c.token == "":
		return http.StatusUnauthorized
	case !rt.Typed(), c.may < rt.Need:
		return http.StatusForbidden
	case hidden && !c.all, strings.HasPrefix(rt.Pattern, "/exec/"):
		return http.StatusNotFound
	case strings.HasSuffix(rt.Pattern, "/unpause"), strings.HasSuffix(rt.Pattern, "{id}/resize"):
		return http.StatusConflict // the container isn't paused, or has no terminal
	}
	return http.StatusOK
}

// tryDocker makes a call with valid parameters.
func (w *fixture) tryDocker(rt dockerapi.Route, token, id string) answer {
	w.t.Helper()
	path := strings.NewReplacer("{id}", id, "{name...}", "library/app", "{name}", "app").Replace(rt.Pattern)
	var body any
	switch {
	case rt.Pattern == "/events":
		path += "?until=1"
	case rt.Pattern == "/containers/{id}/logs":
		path += "?stdout=1"
	case rt.Pattern == "/containers/{id}/stats":
		path += "?stream=0"
	case rt.Pattern == "/containers/{id}/rename":
		path += "?name=renamed-" + id[:20] + "x"
	case rt.Pattern == "/containers/{id}/update":
		body = `{"Memory":67108864,"MemorySwap":67108864}`
	case rt.Pattern == "/containers/{id}/exec":
		body = `{"Cmd":["/app","env"]}`
	case rt.Method == http.MethodPost:
		body = `{}`
	}
	return w.call(rt.Method, "/docker/ours"+path, token, body)
}

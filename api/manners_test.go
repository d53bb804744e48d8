package api_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

func TestEveryAnswerCarriesItsRequestIDAndSecurityHeaders(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	for _, path := range []string{"/hosts", "/nowhere", "/healthz", "/inspect2/a/.."} {
		a := w.get(path)
		require.Regexp(t, `^[0-9a-f-]{36}$`, a.header.Get("X-Request-Id"))
		require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"))
		require.Equal(t, "no-store", a.header.Get("Cache-Control"))
		require.Equal(t, "no-referrer", a.header.Get("Referrer-Policy"))
		require.Equal(t, "application/json", a.header.Get("Content-Type"))
	}
	for id, kept := range map[string]bool{"abc-1.2_3": true, "": false, "a b": false, strings.Repeat("a", 65): false, "<script>": false} {
		a := w.call("GET", "/healthz", "", nil, func(r *http.Request) { r.Header.Set("X-Request-Id", id) })
		require.Equal(t, kept, a.header.Get("X-Request-Id") == id, "%q", id)
	}
}

func TestWrongMethodIs405WithAllow(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	for path, allow := range map[string]string{"/hosts": "GET, HEAD", "/login": "POST", "/ps2/x": "GET, HEAD", "/inspect2/x/y": "GET, HEAD", "/start2": "POST"} {
		a := w.call("PUT", path, w.admin, "{}")
		require.Equal(t, http.StatusMethodNotAllowed, a.status, path)
		require.Equal(t, allow, a.header.Get("Allow"), path)
		require.NotEmpty(t, a.message(t))
	}
}

func TestHeadAnswersLikeGetWithoutBody(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	head := w.call("HEAD", "/hosts", w.admin, nil)
	require.Equal(t, http.StatusOK, head.status)
	require.Empty(t, head.body)
	require.Equal(t, w.get("/hosts").header.Get("Content-Length"), head.header.Get("Content-Length"))
}

func TestReadinessFollowsTheDatabaseAndLivenessDoesNot(t *testing.T) {
	t.Parallel()
	dead := dockerx.HostConfig{Name: "dead", Addr: "tcp://127.0.0.1:1"}
	up := setup(t, []dockerx.HostConfig{dead})
	require.Equal(t, http.StatusOK, up.get("/readyz").status, "a dead Docker host fails neither")
	down := setup(t, nil, func(o *api.Options) {
		o.Ready = func(context.Context) error { return context.DeadlineExceeded }
	})
	require.Equal(t, http.StatusOK, down.get("/healthz").status)
	a := down.get("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.Equal(t, "not ready", a.message(t))
}

func TestPanicIs500WithTheRequestID(t *testing.T) {
	t.Parallel()
	w := setup(t, nil, func(o *api.Options) { o.Ready = func(context.Context) error { panic("secret detail") } })
	a := w.get("/readyz")
	require.Equal(t, http.StatusInternalServerError, a.status)
	require.Equal(t, "internal server error", a.message(t))
	require.NotEmpty(t, a.header.Get("X-Request-Id"))
	require.Equal(t, http.StatusOK, w.get("/healthz").status, "the server lives on")
}

func TestUnreachableDaemonIs500WithoutDriverText(t *testing.T) {
	t.Parallel()
	w := setup(t, []dockerx.HostConfig{{Name: "dead", Addr: "unix:///nowhere/docker.sock"}})
	for _, path := range []string{"/ps2/dead", "/inspect2/dead/x", "/stat2/dead/x", "/stat3/dead"} {
		a := w.get(path)
		require.Equal(t, http.StatusInternalServerError, a.status, path)
		require.NotContains(t, a.message(t), "nowhere")
		require.NotContains(t, a.message(t), "dial")
		require.Contains(t, a.message(t), "dead")
	}
	require.Equal(t, http.StatusInternalServerError, w.post("/start2", map[string]string{"id": "x", "host": "dead"}).status)
}

func TestForwardedAddressCountsFromTrustedProxiesAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trusted   []netip.Prefix
		forwarded string
		want      string
	}{
		"untrusted peer":                 {nil, "9.9.9.9", "127.0.0.1"},
		"trusted peer":                   {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "9.9.9.9", "9.9.9.9"},
		"the caller's own claim":         {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "6.6.6.6, 9.9.9.9", "9.9.9.9"},
		"two trusted hops":               {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}, "9.9.9.9, 10.1.1.1", "9.9.9.9"},
		"garbage ends the walk":          {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "garbage", "127.0.0.1"},
		"garbage before a trusted entry": {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "garbage, 9.9.9.9", "9.9.9.9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, nil, func(o *api.Options) { o.TrustedProxies = c.trusted })
			id := "xff-" + rand.Text()
			w.call("GET", "/healthz", "", nil, func(r *http.Request) {
				r.Header.Set("X-Forwarded-For", c.forwarded)
				r.Header.Set("X-Request-Id", id)
			})
			require.Contains(t, logLine(t, id), `"client":"`+c.want+`"`)
		})
	}
}

func TestOneLogLineForEachRequest(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	w := setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	id := "log-line-" + rand.Text()
	w.call("GET", "/ps2/fake?password="+secret("hunter2-in-a-query"), w.admin, nil, func(r *http.Request) { r.Header.Set("X-Request-Id", id) })
	line := logLine(t, id)
	for _, part := range []string{`"method":"GET"`, `"route":"/ps2/{host}"`, `"status":200`, `"duration_ms":`, `"bytes":26`, `"user":"gildong"`, `"client":"127.0.0.1"`} {
		require.Contains(t, line, part)
	}
}

// logLine returns the one line of the log that has the request's id.
func logLine(t *testing.T, requestID string) string {
	t.Helper()
	require.Eventually(t, func() bool { return len(logged(requestID)) > 0 }, waitLimit, waitTick)
	found := logged(requestID)
	require.Len(t, found, 1)
	return found[0]
}

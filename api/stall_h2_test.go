package api_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// overH2 serves the same API over HTTP/2 and connects to it, with the given window for each answer.
func (w *fixture) overH2(window uint32) *benchkit.H2 {
	w.t.Helper()
	server := httptest.NewUnstartedServer(watch(w.t, w.api))
	server.EnableHTTP2 = true
	server.StartTLS()
	w.t.Cleanup(server.Close)
	conn, err := benchkit.DialH2(server.Listener.Addr().String(), window, 30*time.Second)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// ends reads until each of the streams has ended, with an answer's last frame or a reset.
func ends(t *testing.T, conn *benchkit.H2, streams ...uint32) {
	t.Helper()
	open := map[uint32]bool{}
	for _, s := range streams {
		open[s] = true
	}
	for len(open) > 0 {
		f, err := conn.Next()
		require.NoError(t, err, "neither answered nor reset: %v", open)
		if f.Type == benchkit.H2Reset || f.EndsStream() {
			delete(open, f.Stream)
		}
	}
}

// If an HTTP/2 client gives its answers no window, their streams are reset, and nothing of them is left.
func TestAnswersWithoutAWindowAreReset(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "web"})
	w := setup(t, []dockerx.HostConfig{{Name: "a", Addr: d.Addr()}}, impatient)
	conn := w.overH2(0)
	var streams []uint32
	for i, path := range []string{"/healthz", "/nowhere", "/hosts", "/v1/events?limit=1000", "/ps2/a", "/v1/events", "/openapi.json", "/events"} {
		stream := uint32(2*i + 1) //nolint:gosec // small
		require.NoError(t, conn.Ask(stream, "GET", path, w.admin, false))
		if path != "/events" { // an idle event stream has nothing to send yet
			streams = append(streams, stream)
		}
	}
	ends(t, conn, streams...)
	require.Eventually(t, func() bool { return w.api.HeldUnread() == 0 }, time.Minute, time.Millisecond)
}

func TestBodiesThatNeverComeOverH2AreAnsweredOrReset(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "web"})
	w := setup(t, []dockerx.HostConfig{{Name: "a", Addr: d.Addr()}}, impatient)
	conn := w.overH2(1 << 20)
	stream := uint32(1)
	var streams []uint32
	for _, line := range [][2]string{
		{"POST", "/login"},
		{"POST", "/nowhere"},
		{"PUT", "/hosts"},
		{"GET", "/hosts"},
		{"GET", "/healthz"},
		{"POST", "/v1/hosts/a/containers/web/pause"},
		{"POST", "/v1/users"},
	} {
		for _, token := range []string{"", w.admin} {
			for _, part := range []string{"", "{"} {
				require.NoError(t, conn.Ask(stream, line[0], line[1], token, true))
				if part != "" {
					require.NoError(t, conn.Send(benchkit.H2Data, 0, stream, []byte(part)))
				}
				streams = append(streams, stream)
				stream += 2
			}
		}
	}
	ends(t, conn, streams...)
}

// A query of the past waits for its turn, and ends the turn as soon as its answer begins.
func TestQueriesOfThePastTakeTurns(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	var turns []func()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		done, err := w.api.EnterPast(ctx)
		cancel()
		if err != nil {
			break
		}
		turns = append(turns, done)
	}
	require.NotEmpty(t, turns)
	answered := make(chan answer, 1)
	go func() { answered <- w.get("/v1/audit") }()
	select {
	case a := <-answered:
		require.Fail(t, "didn't wait for its turn", "%d %s", a.status, a.body)
	case <-time.After(100 * time.Millisecond):
	}
	turns[0]()
	require.Equal(t, 200, (<-answered).status)
	done, err := w.api.EnterPast(t.Context())
	require.NoError(t, err, "the turn came back")
	done()
	for _, done := range turns[1:] {
		done()
	}
}

package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// sse is one frame of a stream.
type sse struct{ id, event, data string }

// listener reads a stream frame by frame.
type listener struct {
	t    testing.TB
	resp *http.Response
	r    *bufio.Reader
	stop context.CancelFunc
}

func (w *fixture) listen(path, bearer string, edits ...func(*http.Request)) *listener {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+path, nil)
	require.NoError(w.t, err)
	r.Header.Set("Accept", "text/event-stream")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	for _, edit := range edits {
		edit(r)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(w.t, err)
	require.Equal(w.t, 200, resp.StatusCode)
	w.t.Cleanup(func() { cancel(); _ = resp.Body.Close() })
	return &listener{w.t, resp, bufio.NewReader(resp.Body), cancel}
}

// next returns the next frame that has data.
func (l *listener) next() sse {
	l.t.Helper()
	f, err := l.read()
	require.NoError(l.t, err)
	return f
}

func (l *listener) read() (sse, error) {
	var f sse
	for {
		line, err := l.r.ReadString('\n')
		if err != nil {
			return f, err
		}
		switch name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); name {
		case "id":
			f.id = value
		case "event":
			f.event = value
		case "data":
			f.data = value
		case "":
			if f.data != "" {
				if l.resp != nil && l.resp.Request != nil { // a response of net/http's client
					require.NoError(l.t, spec().checkFrame(l.resp.Request.URL.Path, f.event, f.data))
				}
				return f, nil
			}
		}
	}
}

// await skips frames until one has text in its data.
func (l *listener) await(text string) sse {
	l.t.Helper()
	for {
		if f := l.next(); strings.Contains(f.data, text) {
			return f
		}
	}
}

// oneHost serves a fake daemon as the host 119server, and waits until wharf reads the daemon's events.
func oneHost(t *testing.T, options ...option) (*fixture, *dockertest.Daemon) {
	t.Helper()
	d := dockertest.NewDaemon(t)
	w := setup(t, []dockerx.HostConfig{{Name: "119server", Addr: d.Addr()}}, options...)
	require.Eventually(t, func() bool { return d.Streams() == 1 }, time.Minute, time.Millisecond)
	w.eventually("?type=host", "connected")
	return w, d
}

// eventually waits until the answer to a query of events contains text.
func (w *fixture) eventually(query, text string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return strings.Contains(w.get("/v1/events"+query).body, text) }, time.Minute, 5*time.Millisecond)
}

// listed waits until n containers are listed: a new one appears in the list only after wharf has read the engine's event.
func (w *fixture) listed(n int) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var page struct {
			Data struct{ Containers []struct{} }
		}
		return json.Unmarshal([]byte(w.get("/v1/containers").body), &page) == nil && len(page.Data.Containers) == n
	}, time.Minute, 5*time.Millisecond)
}

const redisID = "4a55acf11f30b628d58ce47a19bde7d30e144314b530f90a2501524e7f3f9cd4"

func redisDies() dockertest.Message {
	m := dockertest.NewMessage("container", "die", redisID, map[string]string{
		"com.docker.compose.project": "final_project", "com.docker.compose.service": "redis", "execDuration": "1001",
		"exitCode": "0", "image": "redis:alpine", "name": "final_project-redis-1",
	})
	return m
}

func TestStreamIsTheContracts(t *testing.T) {
	t.Parallel()
	w, d := oneHost(t)
	l := w.listen("/events", w.admin)
	require.Equal(t, "text/event-stream", l.resp.Header.Get("Content-Type"))
	require.Equal(t, "no-cache", l.resp.Header.Get("Cache-Control"))
	require.Equal(t, "no", l.resp.Header.Get("X-Accel-Buffering"))
	require.Equal(t, "keep-alive", l.resp.Header.Get("Connection"))
	require.NotEmpty(t, l.resp.Header.Get("X-Request-Id"))
	first, err := l.r.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "retry: 1000\n", first)
	at := d.Emit(redisDies()).Time
	f := l.next()
	require.Equal(t, "container-event", f.event)
	require.NotEmpty(t, f.id)
	// Compares the bytes, not only the JSON: the keys must be in the contract's order.
	want := fmt.Sprintf(`{"host":"119server","type":"container","action":"die","actor_id":%q,"actor_name":"final_project-redis-1",`+
		`"timestamp":%d,"attrs":{"com.docker.compose.project":"final_project","com.docker.compose.service":"redis","execDuration":"1001",`+
		`"exitCode":"0","image":"redis:alpine","name":"final_project-redis-1"}}`, redisID, at)
	require.Equal(t, want, f.data)
	for _, typ := range []string{"builder", "config", "node", "plugin", "secret", "service", "network", "volume", "daemon", "image"} {
		d.Emit(dockertest.NewMessage(typ, "update", "x", nil))
		f = l.next()
		require.Equal(t, "container-event", f.event)
		require.Contains(t, f.data, `"actor_name":"x"`)
		require.Contains(t, f.data, `"attrs":{}`)
	}
}

func TestStreamResumesAfterTheLastEventID(t *testing.T) {
	t.Parallel()
	w, d := oneHost(t)
	l := w.listen("/events", w.admin)
	d.Emit(redisDies())
	id := l.next().id
	l.stop()
	for n := range 10 {
		d.Emit(dockertest.NewMessage("image", "tag", fmt.Sprint("missed-", n), nil))
	}
	w.eventually("", "missed-9")
	for name, l := range map[string]*listener{
		"header": w.listen("/events", w.admin, func(r *http.Request) { r.Header.Set("Last-Event-ID", id) }),
		"query":  w.listen("/events?last_event_id="+id, w.admin),
	} {
		for n := range 10 {
			require.Contains(t, l.next().data, fmt.Sprint("missed-", n), name)
		}
	}
}

func TestStreamSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	w, d := oneHost(t)
	l := w.listen("/events", w.admin)
	d.Emit(redisDies())
	l.next()
	d.Forget()
	require.Equal(t, 1, d.CutStreams())
	f := l.next()
	require.Equal(t, "stream-gap", f.event)
	require.NotEmpty(t, f.id)
	var gap struct {
		Host, Reason string
		From, To     time.Time
	}
	require.NoError(t, json.Unmarshal([]byte(f.data), &gap))
	require.Equal(t, "119server", gap.Host)
	require.False(t, gap.From.After(gap.To))
	require.Contains(t, w.listen("/events?last_event_id=99999999", w.admin).next().data, "unknown id")
}

func TestStreamNarrows(t *testing.T) {
	t.Parallel()
	w, d := oneHost(t)
	l := w.listen("/events?type=image&type=network&action=tag&host=119server", w.admin)
	c := w.listen("/events?container=final_project-redis-1&container=ffffffffffff", w.admin)
	d.Emit(dockertest.NewMessage("volume", "tag", "no", nil))
	d.Emit(dockertest.NewMessage("image", "pull", "no", nil))
	d.Emit(redisDies())
	d.Emit(dockertest.NewMessage("container", "die", "ffffffffffff0000", nil))
	d.Emit(dockertest.NewMessage("network", "tag", "yes", nil))
	require.Contains(t, l.next().data, `"actor_id":"yes"`)
	require.Contains(t, c.next().data, redisID)
	require.Contains(t, c.next().data, "ffffffffffff0000")
	for query, problem := range map[string]string{
		"hots=a": "hots: unknown parameter", "host=nosuch": "host: unknown host", "type=x": "type: expected one of",
		"container=../x": "container: invalid", "last_event_id=x": "last_event_id:", "last_event_id=-1": "last_event_id:",
	} {
		for _, path := range []string{"/events", "/v1/events"} {
			a := w.get(path + "?" + query)
			require.Equal(t, 400, a.status, query)
			if !strings.HasPrefix(query, "last") || path == "/events" {
				require.Contains(t, a.message(t), problem)
			}
		}
	}
}

func TestStreamHidesSecretsBelowAdmin(t *testing.T) {
	t.Parallel()
	w, d := oneHost(t)
	w.signUp(w.admin, "viewer", w.password)
	seen, masked := w.listen("/events", w.admin), w.listen("/events", w.login("viewer", w.password).access)
	d.Emit(dockertest.NewMessage("container", "exec_create: mysql -pcanary", redisID, map[string]string{"name": "db", "DB_PASSWORD": "canary", "plain": "x"}))
	require.Contains(t, seen.next().data, `exec_create: mysql -pcanary`)
	f := masked.next()
	require.NotContains(t, f.data, "canary")
	require.Contains(t, f.data, `"action":"exec_create"`)
	require.Contains(t, f.data, `"plain":"x"`)
	history := w.call("GET", "/v1/events?type=container", w.login("viewer", w.password).access, nil)
	require.NotContains(t, history.body, "canary")
}

func TestHistoryAnswersWhyItDied(t *testing.T) {
	t.Parallel()
	w, d := oneHost(t)
	d.Emit(redisDies())
	d.Emit(dockertest.NewMessage("container", "destroy", redisID, map[string]string{"name": "final_project-redis-1"}))
	again := dockertest.NewMessage("container", "create", strings.Repeat("a", 64), map[string]string{"name": "final_project-redis-1"})
	d.Emit(again)
	w.eventually("", again.Actor.ID)
	var page struct {
		Events []struct {
			ID      int64
			Action  string
			ActorID string `json:"actor_id"`
			Attrs   map[string]string
			Time    time.Time
		}
		Cursor string
	}
	w.get("/v1/events?container=final_project-redis-1&order=asc&since=15m").data(t, &page)
	require.Len(t, page.Events, 3)
	require.Equal(t, "die", page.Events[0].Action)
	require.Equal(t, "0", page.Events[0].Attrs["exitCode"])
	w.get("/v1/events?container=4a55acf11f30&limit=1").data(t, &page)
	require.Equal(t, "destroy", page.Events[0].Action)
	w.get("/v1/events?container=4a55acf11f30&limit=1&cursor="+page.Cursor).data(t, &page)
	require.Equal(t, "die", page.Events[0].Action)
	require.Empty(t, page.Cursor)
	require.Equal(t, 400, w.get("/v1/events?limit=1001").status)
	require.Equal(t, 400, w.get("/v1/events?since=yesterday").status)
	require.Equal(t, 400, w.get("/v1/events?cursor=x").status)
}

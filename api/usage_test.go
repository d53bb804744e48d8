package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

type rawUsage struct {
	Host          string
	ID, Name      string
	Running       bool
	CPUPercent    *float64   `json:"cpu_percent"`
	MemoryUsage   *uint64    `json:"memory_usage"`
	NetworkRxRate *float64   `json:"network_rx_rate"`
	SampledAt     *time.Time `json:"sampled_at"`
	History       []struct {
		At         time.Time
		CPUPercent *float64 `json:"cpu_percent"`
	}
}

type usagePage struct {
	SampledAt  *time.Time `json:"sampled_at"`
	Partial    *bool
	Containers []rawUsage
	Hosts      []struct {
		Host  string
		OK    bool
		Error string
	}
}

func usageFixture(t *testing.T) *fixture {
	t.Helper()
	a, b := dockertest.NewDaemon(t), dockertest.NewDaemon(t)
	a.Add(dockertest.Container{Name: "web", Usage: dockertest.Usage{Cores: 0.5, Memory: 1 << 20}}, dockertest.Container{Name: "old", State: "exited"})
	b.Add(dockertest.Container{Name: "db", Usage: dockertest.Usage{Cores: 0.1, Memory: 2 << 20}})
	return setup(t, []dockerx.HostConfig{{Name: "a", Addr: a.Addr()}, {Name: "b", Addr: b.Addr()}, {Name: "dead", Addr: "tcp://127.0.0.1:1"}})
}

// awaitUsage waits until all running containers have samples: an answer waits for them for 3 s at most.
func (w *fixture) awaitUsage(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		var p usagePage
		w.get("/v1/stats").data(t, &p)
		return !*p.Partial && p.Hosts[0].OK && p.Hosts[1].OK
	}, time.Minute, 20*time.Millisecond)
}

func TestRawUsageOfAHostAndOfOneContainer(t *testing.T) {
	t.Parallel()
	w := usageFixture(t)
	w.awaitUsage(t)
	a := w.get("/v1/hosts/a/stats")
	var p usagePage
	a.data(t, &p)
	require.Len(t, p.Containers, 2)
	require.NotEmpty(t, a.header.Get("X-Sampled-At"))
	require.NotEmpty(t, a.header.Get("X-Sample-Age"))
	for _, u := range p.Containers {
		require.Len(t, u.ID, 64)
		require.NotNil(t, u.CPUPercent)
		require.NotNil(t, u.NetworkRxRate)
		require.Equal(t, u.Name == "web", u.Running)
		require.Equal(t, u.Running, u.SampledAt != nil)
	}
	var one rawUsage
	w.get("/v1/hosts/a/containers/web/stats").data(t, &one)
	require.Equal(t, "web", one.Name)
	require.Nil(t, one.History)
	require.Eventually(t, func() bool { // the history grows while it is requested
		w.get("/v1/hosts/a/containers/web/stats?since=10m&step=1s").data(t, &one)
		return len(one.History) >= 2
	}, time.Minute, 50*time.Millisecond)
	require.True(t, one.History[0].At.Before(one.History[1].At))
	w.get("/v1/hosts/a/stats?since=1m").data(t, &p)
	require.NotEmpty(t, p.Containers)
	require.Equal(t, http.StatusInternalServerError, w.get("/v1/hosts/dead/stats").status)
	require.Equal(t, http.StatusNotFound, w.get("/v1/hosts/a/containers/nobody/stats").status)
	require.Equal(t, http.StatusBadRequest, w.get("/v1/hosts/a/containers/..%2Fx/stats").status)
	require.Equal(t, http.StatusNotFound, w.get("/v1/hosts/other/stats").status)
	for _, query := range []string{"?since=-1m", "?since=x", "?step=5s", "?since=1m&step=1ms", "?cpu=1m"} {
		require.Equal(t, http.StatusBadRequest, w.get("/v1/hosts/a/stats"+query).status, query)
	}
}

// For a host that has stopped answering, the last sample is returned for 15 s, then the daemon-unreachable error.
func TestLastSampleOfAHostThatHasStoppedAnswering(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	id := d.Add(dockertest.Container{Name: "web", Usage: dockertest.Usage{Cores: 0.5, Memory: 1 << 20}})
	p := dockertest.NewProxy(t, "tcp", strings.TrimPrefix(d.Addr(), "tcp://"))
	w := setup(t, []dockerx.HostConfig{{Name: "a", Addr: "tcp://" + p.Addr()}})
	require.Equal(t, http.StatusOK, w.get("/stat3/a").status)
	p.Refuse(true)
	p.Cut()
	for _, path := range []string{"/stat3/a", "/stat2/a/web", "/stat2/a/" + id[:12], "/v1/hosts/a/stats"} {
		a := w.get(path)
		require.Equal(t, http.StatusOK, a.status, path)
		require.NotEmpty(t, a.header.Get("X-Sample-Age"), path)
		require.Contains(t, a.body, "web", path)
	}
	require.Equal(t, http.StatusInternalServerError, w.get("/stat2/a/nobody").status)
	for _, path := range []string{"/stat3/a", "/stat2/a/web"} {
		require.Eventually(t, func() bool {
			a := w.get(path)
			if a.status == http.StatusOK {
				age, err := time.ParseDuration(a.header.Get("X-Sample-Age") + "s")
				require.NoError(t, err)
				require.LessOrEqual(t, age, 15*time.Second)
				return false
			}
			require.Equal(t, http.StatusInternalServerError, a.status)
			require.Contains(t, a.message(t), "cannot reach the Docker daemon")
			return true
		}, time.Minute, 100*time.Millisecond, path)
	}
}

func TestTopUsersOfAllHosts(t *testing.T) {
	t.Parallel()
	w := usageFixture(t)
	w.awaitUsage(t)
	for _, by := range []string{"cpu", "memory"} {
		var p usagePage
		w.get("/v1/stats?by="+by).data(t, &p)
		require.Len(t, p.Containers, 3)
		for i := 1; i < len(p.Containers); i++ {
			if by == "cpu" {
				require.GreaterOrEqual(t, *p.Containers[i-1].CPUPercent, *p.Containers[i].CPUPercent)
			} else {
				require.GreaterOrEqual(t, *p.Containers[i-1].MemoryUsage, *p.Containers[i].MemoryUsage)
			}
		}
		require.Equal(t, "old", p.Containers[2].Name, "what isn't running uses least")
		require.Equal(t, []bool{true, true, false}, []bool{p.Hosts[0].OK, p.Hosts[1].OK, p.Hosts[2].OK})
		require.Contains(t, p.Hosts[2].Error, "dead")
		w.get("/v1/stats?top=1&by="+by).data(t, &p)
		require.Len(t, p.Containers, 1)
	}
	var p usagePage
	w.get("/v1/stats?host=b").data(t, &p)
	require.Len(t, p.Containers, 1)
	require.Equal(t, "b", p.Containers[0].Host)
	for _, query := range []string{"?by=name", "?top=0", "?top=x", "?tops=1"} {
		require.Equal(t, http.StatusBadRequest, w.get("/v1/stats"+query).status, query)
	}
	require.Equal(t, http.StatusNotFound, w.get("/v1/stats?host=other").status)
}

// usageStream reads a stream's frames until it ends, and returns each event's name and data.
func (w *fixture) usageStream(ctx context.Context, path string) (*http.Response, <-chan [2]string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+path, nil)
	require.NoError(w.t, err)
	r.Header.Set("Authorization", "Bearer "+w.admin)
	r.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = resp.Body.Close() })
	frames := make(chan [2]string, 100)
	go func() {
		defer close(frames)
		name := ""
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if event, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = event
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := spec().checkFrame(r.URL.Path, name, data); err != nil {
					w.t.Error(err)
				}
				frames <- [2]string{name, data}
			}
		}
	}()
	return resp, frames
}

// awaitFrame skips a stream's frames up to one with the given name. On a machine that is paused for a while a host may fail in
// between: the stream reports that and continues. A stream that ends fails the test.
func awaitFrame(t *testing.T, frames <-chan [2]string, name string) string {
	t.Helper()
	var frame [2]string
	for frame = range frames {
		if frame[0] == name {
			return frame[1]
		}
	}
	require.FailNow(t, "the stream ended without its frame", "%s; the last was %v", name, frame)
	return ""
}

func TestUsageStreamsGiveEachSampleAndEndWithTheServer(t *testing.T) {
	t.Parallel()
	w := usageFixture(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	resp, host := w.usageStream(ctx, "/v1/hosts/a/stats")
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	_, one := w.usageStream(ctx, "/v1/hosts/a/containers/web/stats")
	_, dead := w.usageStream(ctx, "/v1/hosts/dead/stats")
	var last time.Time
	for range 3 {
		var p usagePage
		require.NoError(t, json.Unmarshal([]byte(awaitFrame(t, host, "stats")), &p))
		require.Len(t, p.Containers, 2)
		require.False(t, p.SampledAt.Before(last))
		last = *p.SampledAt
		var u rawUsage
		require.NoError(t, json.Unmarshal([]byte(awaitFrame(t, one, "stats")), &u))
		require.Equal(t, "web", u.Name)
	}
	require.Contains(t, awaitFrame(t, dead, "stats-error"), "dead")
	began := time.Now()
	w.api.EndStreams()
	for _, frames := range []<-chan [2]string{host, one, dead} {
		for range frames {
		}
	}
	require.Less(t, time.Since(began), 10*time.Second)
	require.NoError(t, ctx.Err(), "they ended with the server, not with their caller")
}

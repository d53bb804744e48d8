package dockerx

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/dockerx/events"
	"wharf/dockerx/stats"
)

// shown is a container's usage as `docker stats --no-stream` shows it.
type shown struct{ cpu, memory, limit float64 }

// dockerStats runs `docker stats --no-stream`. Without a Docker CLI, it computes the same from the engine's own pair of samples
// (stream=false) with the CLI's formulas.
func dockerStats(t *testing.T, e dockertest.Engine, ids ...string) map[string]shown {
	t.Helper()
	cli, err := exec.LookPath("docker")
	if err != nil {
		t.Log("no docker command here: comparing with the engine's stream=false instead")
		return engineStats(t, e, ids...)
	}
	args := []string{"-H", e.Client().DaemonHost()}
	if e.CertDir != "" {
		args = append(args, "--tlsverify", "--tlscacert", e.CertDir+"/ca.pem", "--tlscert", e.CertDir+"/cert.pem", "--tlskey", e.CertDir+"/key.pem")
	}
	args = append(append(args, "stats", "--no-stream", "--no-trunc", "--format", "{{.ID}} {{.CPUPerc}} {{.MemUsage}}"), ids...)
	out, err := exec.CommandContext(t.Context(), cli, args...).Output()
	require.NoError(t, err)
	all := map[string]shown{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line) // id 99.5% 1.4MiB / 23.5GiB
		require.Len(t, f, 5, line)
		cpu, err := strconv.ParseFloat(strings.TrimSuffix(f[1], "%"), 64)
		require.NoError(t, err)
		all[f[0]] = shown{cpu, bytesOf(t, f[2]), bytesOf(t, f[4])}
	}
	require.Len(t, all, len(ids))
	return all
}

func bytesOf(t *testing.T, text string) float64 {
	t.Helper()
	number := strings.TrimRight(text, "BKMGTi")
	n, err := strconv.ParseFloat(number, 64)
	require.NoError(t, err)
	unit := map[string]float64{"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}[text[len(number):]]
	require.NotZero(t, unit, text)
	return n * unit
}

func engineStats(t *testing.T, e dockertest.Engine, ids ...string) map[string]shown {
	t.Helper()
	all := map[string]shown{}
	for _, id := range ids {
		s := rawStats(t, e, id)
		used := float64(s.CPUStats.CPUUsage.TotalUsage - s.PreCPUStats.CPUUsage.TotalUsage)
		host := float64(s.CPUStats.SystemUsage - s.PreCPUStats.SystemUsage)
		cache, v1 := s.MemoryStats.Stats["total_inactive_file"]
		if !v1 {
			cache = s.MemoryStats.Stats["inactive_file"]
		}
		all[id] = shown{used / host * float64(s.CPUStats.OnlineCPUs) * 100, float64(s.MemoryStats.Usage - cache), float64(s.MemoryStats.Limit)}
	}
	return all
}

func rawStats(t *testing.T, e dockertest.Engine, id string) container.StatsResponse {
	t.Helper()
	answer, err := e.Client().ContainerStats(t.Context(), id, false)
	require.NoError(t, err)
	defer answer.Body.Close()
	var s container.StatsResponse
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&s))
	return s
}

// talking starts a container, and another that sends 3 MiB to it. It returns when these are sent.
func talking(t *testing.T, e dockertest.Engine) (listens, sends string) {
	t.Helper()
	listens = e.Run(t, dockertest.Spec{Cmd: []string{"listen", "9000"}, Networks: []string{"default"}})
	addr := ""
	for _, network := range e.Inspect(t, listens).NetworkSettings.Networks {
		addr = network.IPAddress // of its only network, which is called bridge in Docker and podman in Podman
	}
	sends = e.Run(t, dockertest.Spec{Cmd: []string{"send", addr + ":9000", "3m"}, Networks: []string{"default"}})
	e.AwaitLog(t, sends, "sent")
	return listens, sends
}

// zoo starts one container of each kind that the formulas treat differently.
func zoo(t *testing.T, e dockertest.Engine) map[string]string {
	t.Helper()
	listens, sends := talking(t, e)
	return map[string]string{
		"listens": listens,
		"sends":   sends,
		"spins":   e.Run(t, dockertest.Spec{Cmd: []string{"spin", "40"}}),
		"limited": e.Run(t, dockertest.Spec{Cmd: []string{"spin", "100"}, CPUs: 0.2}),
		"idle":    e.Run(t, dockertest.Spec{}),
		"caches":  e.Run(t, dockertest.Spec{Cmd: []string{"cache", "32m"}}),
		"holds":   e.Run(t, dockertest.Spec{Cmd: []string{"alloc", "24m"}, Memory: 96 << 20}),
		"host":    e.Run(t, dockertest.Spec{Networks: []string{"host"}}),
	}
}

// watched runs a fleet of one host and returns the host.
func watched(t *testing.T, e dockertest.Engine, source stats.SourceKind) *Host {
	t.Helper()
	f := fleetOf(t, Options{Stats: stats.Options{Source: source, Budget: 8}}, engineConfig(e))
	running(t, f)
	h := f.Hosts()[0]
	require.Eventually(t, h.streamUp, time.Minute, 10*time.Millisecond)
	return h
}

// TestUsageAgreesWithDockerStats compares both sources with `docker stats` for the same containers at the same time.
func TestUsageAgreesWithDockerStats(t *testing.T) {
	t.Parallel()
	for _, e := range dockertest.Engines(t) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			if e.Podman(t) {
				t.Skip("docker stats is wrong about Podman's containers: docs/engines.md")
			}
			ids := zoo(t, e)
			var all []string
			for _, id := range ids {
				all = append(all, id)
			}
			hosts := map[stats.SourceKind]*Host{stats.FromEngine: watched(t, e, stats.FromEngine)}
			if strings.HasPrefix(e.Addr, "unix://") {
				hosts[stats.FromKernel] = watched(t, e, stats.FromKernel)
			}
			for _, h := range hosts {
				_, err := h.UsageAll(t.Context())
				require.NoError(t, err)
			}
			require.Eventually(t, func() bool { // until the traffic has arrived
				rx, tx := traffic(rawStats(t, e, ids["listens"]))
				return rx+tx > 3<<20
			}, time.Minute, 10*time.Millisecond)
			// docker stats and wharf measure over slightly different seconds. On a busy machine, a container that spins gets more CPU
			// in some than in others, so the comparison is repeated until they agree.
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				want := dockerStats(t, e, all...)
				for source, h := range hosts {
					for name, id := range ids {
						agree(c, string(source)+" "+name, h, id, want[id])
					}
				}
			}, 2*time.Minute, 10*time.Millisecond)
			quiet(t, hosts, e, ids)
		})
	}
}

// TestUsageIsWhatTheLoadsAreBuiltToUse compares usage with the known loads, not with docker stats.
func TestUsageIsWhatTheLoadsAreBuiltToUse(t *testing.T) {
	t.Parallel()
	for _, e := range dockertest.Engines(t) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			limited := e.Run(t, dockertest.Spec{Cmd: []string{"spin", "100"}, CPUs: 0.2})
			holds := e.Run(t, dockertest.Spec{Cmd: []string{"alloc", "24m"}, Memory: 96 << 20})
			e.AwaitLog(t, holds, "allocated")
			caches := e.Run(t, dockertest.Spec{Cmd: []string{"cache", "32m"}})
			e.AwaitLog(t, caches, "cached")
			listens, sends := talking(t, e)
			sources := []stats.SourceKind{stats.FromEngine}
			if strings.HasPrefix(e.Addr, "unix://") {
				sources = append(sources, stats.FromKernel)
			}
			for _, source := range sources {
				h := watched(t, e, source)
				require.EventuallyWithT(t, func(c *assert.CollectT) {
					before, at := rawStats(t, e, limited), time.Now()
					u, err := h.Usage(t.Context(), limited)
					require.NoError(c, err)
					after := rawStats(t, e, limited)
					// On a busy machine the container gets less CPU than its limit: its own counter shows how much.
					given := float64(after.CPUStats.CPUUsage.TotalUsage-before.CPUStats.CPUUsage.TotalUsage) / float64(time.Since(at)) * 100
					require.InDelta(c, min(20, given), u.CPUPercent, 8, source)
				}, time.Minute, 100*time.Millisecond)
				u, err := h.Usage(t.Context(), holds)
				require.NoError(t, err)
				require.InDelta(t, 26<<20, u.MemoryUsage, 2<<20, source)
				require.EqualValues(t, 96<<20, u.MemoryLimit, source)
				if source == stats.FromEngine && e.Podman(t) {
					continue // Podman includes the cache, and swaps received and sent bytes
				}
				u, err = h.Usage(t.Context(), caches)
				require.NoError(t, err)
				require.Less(t, u.MemoryUsage, uint64(16<<20), source)
				u, err = h.Usage(t.Context(), listens)
				require.NoError(t, err)
				require.Greater(t, u.NetworkRx, max(3<<20, u.NetworkTx), source)
				u, err = h.Usage(t.Context(), sends)
				require.NoError(t, err)
				require.Greater(t, u.NetworkTx, max(3<<20, u.NetworkRx), source)
			}
		})
	}
}

// agree compares the mean of the last three seconds, in which docker stats ran, with its result.
func agree(t require.TestingT, what string, h *Host, id string, want shown) {
	u, err := h.Usage(context.Background(), id)
	require.NoError(t, err, what)
	_, points, err := h.UsageHistory(context.Background(), id, 3*time.Second, 0)
	require.NoError(t, err, what)
	require.NotEmpty(t, points, what)
	cpu := 0.0
	for _, p := range points {
		cpu += p.CPUPercent / float64(len(points))
	}
	require.InDelta(t, want.cpu, cpu, 15, what)
	slack := 128 << 10
	if strings.HasSuffix(what, " spins") || strings.HasSuffix(what, " limited") {
		// The kernel charges a busy container 64 pages at a time, on each CPU; docker stats rounds to thousandths of a MiB.
		slack = 64*4096*runtime.NumCPU() + 1<<20/1000
	}
	require.InDelta(t, want.memory, float64(u.MemoryUsage), max(want.memory*0.02, float64(slack)), what)
	require.InEpsilon(t, want.limit, float64(u.MemoryLimit), 0.01, what)
}

// quiet compares the counters of the containers that are idle by now; they must be equal.
func quiet(t *testing.T, hosts map[stats.SourceKind]*Host, e dockertest.Engine, ids map[string]string) {
	t.Helper()
	for _, name := range []string{"listens", "sends", "holds", "host"} {
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			raw := rawStats(t, e, ids[name])
			rx, tx := traffic(raw)
			for source, h := range hosts {
				u, err := h.Usage(t.Context(), ids[name])
				require.NoError(c, err)
				require.Equal(c, []uint64{rx, tx}, []uint64{u.NetworkRx, u.NetworkTx}, "%s %s", source, name)
				require.InDelta(c, raw.PidsStats.Current, u.Pids, 1, "%s %s", source, name)
			}
		}, time.Minute, 10*time.Millisecond)
	}
}

func traffic(s container.StatsResponse) (rx, tx uint64) {
	for _, n := range s.Networks {
		rx, tx = rx+n.RxBytes, tx+n.TxBytes
	}
	return rx, tx
}

// recorder starts a proxy to an engine's unix socket. asked returns the number of requests so far, of part "stats", "lists" or
// "all".
func recorder(t *testing.T, e dockertest.Engine) (addr string, asked func(part string) int64) {
	t.Helper()
	path, ok := strings.CutPrefix(e.Addr, "unix://")
	require.True(t, ok)
	var statsAsked, listsAsked, all atomic.Int64
	proxy := &httputil.ReverseProxy{
		FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "docker"})
			all.Add(1)
			switch {
			case strings.HasSuffix(r.In.URL.Path, "/stats"):
				statsAsked.Add(1)
			case strings.HasSuffix(r.In.URL.Path, "/containers/json"):
				listsAsked.Add(1)
			}
		},
		Transport: newUnixTransport(t, path),
	}
	s := httptest.NewServer(proxy)
	t.Cleanup(s.Close)
	return "tcp://" + s.Listener.Addr().String(), func(part string) int64 {
		return map[string]*atomic.Int64{"stats": &statsAsked, "lists": &listsAsked, "all": &all}[part].Load()
	}
}

func newUnixTransport(t *testing.T, path string) http.RoundTripper {
	t.Helper()
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// TestNoStatsRequestWhileNobodyAsks counts the requests to a real engine through a proxy: a container's usage is requested only
// while callers ask for it.
func TestNoStatsRequestWhileNobodyAsks(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	addr, asked := recorder(t, e)
	f := fleetOf(t, Options{Stats: stats.Options{Idle: 3 * time.Second}}, HostConfig{Name: "recorded", Addr: addr})
	running(t, f)
	h := f.Hosts()[0]
	require.Eventually(t, h.streamUp, time.Minute, 10*time.Millisecond)
	var starts sync.Map // by container: number of start events that the sampler has received
	h.follow(func(ev events.Event) {
		if ev.Action == "start" {
			n, _ := starts.LoadOrStore(ev.ActorID, new(atomic.Int32))
			n.(*atomic.Int32).Add(1)
		}
	})
	id := e.Run(t, dockertest.Spec{})
	e.Stop(t, id)
	e.Start(t, id)
	require.Eventually(t, func() bool {
		n, ok := starts.Load(id)
		return ok && n.(*atomic.Int32).Load() == 2
	}, time.Minute, time.Millisecond)
	require.Zero(t, asked("stats"))
	u, err := h.Usage(t.Context(), id)
	require.NoError(t, err)
	require.True(t, u.Running)
	require.LessOrEqual(t, asked("stats"), int64(2), "this container alone: a stream of two frames, perhaps the next round")
	while, since := asked("stats"), time.Now()
	require.Eventually(t, func() bool { // a round a second for 3 s, and then none for 3 s
		if n := asked("stats"); n != while {
			while, since = n, time.Now()
		}
		return time.Since(since) > 3*time.Second
	}, time.Minute, 10*time.Millisecond)
	require.LessOrEqual(t, while, int64(6))
	lists := asked("lists")
	e.Stop(t, id)
	e.Start(t, id)
	require.Equal(t, while, asked("stats"))
	require.Eventually(t, func() bool { // as soon as the event is there
		u, err := h.Usage(t.Context(), id)
		return err == nil && u.Running
	}, time.Minute, 10*time.Millisecond)
	require.Equal(t, lists, asked("lists"), "containers are followed by events")
}

// TestUsageOfAHostThatStopsAnsweringIsNeverFrozen stalls the connection to a real engine.
func TestUsageOfAHostThatStopsAnsweringIsNeverFrozen(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	e.Run(t, dockertest.Spec{})
	p := dockertest.NewProxy(t, "unix", strings.TrimPrefix(e.Addr, "unix://"))
	f := fleetOf(t, Options{}, HostConfig{Name: "cut", Addr: "tcp://" + p.Addr()})
	running(t, f)
	h := f.Hosts()[0]
	_, err := h.UsageAll(t.Context())
	require.NoError(t, err)
	p.Stall()
	var last time.Time
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		snap, err := h.UsageAll(ctx)
		if err != nil {
			require.ErrorContains(t, err, "cannot reach the Docker daemon")
			return true
		}
		last = snap.SampledAt
		require.LessOrEqual(t, time.Since(last), 15*time.Second)
		return false
	}, time.Minute, 50*time.Millisecond)
	require.Greater(t, time.Since(last), 5*time.Second)
	p.Resume()
	require.Eventually(t, func() bool {
		_, err := h.UsageAll(t.Context())
		return err == nil
	}, time.Minute, 50*time.Millisecond)
}

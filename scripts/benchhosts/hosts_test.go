package benchhosts

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

func TestListAgainstTheEnginesOwn(t *testing.T) {
	benchkit.Parallel(t)
	e := dockertest.DefaultEngine(t)
	containers := benchkit.Size(20, 200)
	slots := make(chan struct{}, 4)
	var creating sync.WaitGroup
	for range containers {
		slots <- struct{}{}
		creating.Go(func() {
			defer func() { <-slots }()
			e.Run(t, dockertest.Spec{Created: true, Labels: map[string]string{"com.example.purpose": strings.Repeat("x", 100)}})
		})
	}
	creating.Wait()
	s := wharf(t, "e="+e.Addr)
	raw := func() time.Duration {
		began := time.Now()
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://docker/v1.41/containers/json?all=1", http.NoBody)
		require.NoError(t, err)
		resp, err := e.Client().HTTPClient().Do(req)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return time.Since(began)
	}
	require.Eventually(t, func() bool { return kept(t, s) }, time.Minute, 50*time.Millisecond)
	var engine, first, again []time.Duration
	for range benchkit.Size(2, 40) {
		time.Sleep(1050 * time.Millisecond) // so that both find an idle engine
		engine = append(engine, raw())
		time.Sleep(1050 * time.Millisecond) // a list is cached for a second
		_, body, took := s.get(t, "/ps2/e")
		first = append(first, took)
		require.GreaterOrEqual(t, bytes.Count(body, []byte(`"id"`)), containers)
		for range 5 { // within that second
			_, _, took = s.get(t, "/ps2/e")
			again = append(again, took)
		}
	}
	r, f, a := median(engine), median(first), median(again)
	benchkit.Figure(fmt.Sprintf("ps2 of %d containers against the engine's own list, first call p50", containers), "≤ 1.25×", "%.2f× (%v / %v)", ratio(f, r), f, r)
	benchkit.Figure("… unchanged p50", "≤ 0.03×", "%.3f× (%v)", ratio(a, r), a)
	benchkit.Within(t, ratio(f, r) <= 1.25, "first call")
	benchkit.Within(t, ratio(a, r) <= 0.03, "unchanged")
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

// kept reports whether lists are cached already, which starts with the event stream.
func kept(t *testing.T, s *server) bool {
	t.Helper()
	_, _, _ = s.get(t, "/ps2/e")
	_, _, took := s.get(t, "/ps2/e")
	return took < 2*time.Millisecond
}

func TestHundredCallersAtOnce(t *testing.T) {
	benchkit.Parallel(t)
	d := dockertest.NewDaemon(t)
	for range 200 {
		d.Add(dockertest.Container{})
	}
	s := wharf(t, "e="+d.Addr())
	require.Eventually(t, func() bool { return d.Streams() == 1 && d.Count("/info") > 0 && kept(t, s) }, time.Minute, 50*time.Millisecond)
	time.Sleep(1100 * time.Millisecond)
	before := d.Count("/containers/json")
	var callers sync.WaitGroup
	for range 100 {
		callers.Go(func() { _, _, _ = s.get(t, "/ps2/e") })
	}
	callers.Wait()
	lists := d.Count("/containers/json") - before
	benchkit.Figure("100 parallel callers of ps2", "≤ 2 lists", "%d", lists)
	require.LessOrEqual(t, lists, 2)
}

func TestMostHostsDeadAtStart(t *testing.T) {
	benchkit.Parallel(t)
	mute := dockertest.Silent(t)
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{})
	hosts := "alive=" + d.Addr()
	for i := range 49 {
		hosts += fmt.Sprintf(",dead%d=%s", i, mute)
	}
	s := wharf(t, hosts)
	status, _, took := s.get(t, "/ps2/alive")
	require.Equal(t, http.StatusOK, status)
	benchkit.Figure("49 of 50 hosts dead at start", "listening ≤ 1 s, the living usable", "%v; its list %v", s.Ready.Round(time.Millisecond), took.Round(time.Millisecond))
	benchkit.Within(t, s.Ready <= time.Second, "listening")
	benchkit.Within(t, took <= time.Second, "the living host's list")
}

func TestEndlessDaemon(t *testing.T) {
	benchkit.Parallel(t)
	d, other := dockertest.NewDaemon(t), dockertest.NewDaemon(t)
	row := `{"Id":"` + strings.Repeat("a", 64) + `","Names":["/x"],"Status":"` + strings.Repeat("x", 16<<10) + `"},`
	d.Handle("GET /containers/json", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("["))
		for sent := 0; sent < 2<<30; sent += len(row) {
			if _, err := w.Write([]byte(row)); err != nil {
				return
			}
		}
	})
	s := wharf(t, "bad="+d.Addr()+",good="+other.Addr())
	before := s.Resident("VmHWM")
	status, _, took := s.get(t, "/ps2/bad")
	grown := s.Resident("VmHWM") - before
	require.Equal(t, http.StatusInternalServerError, status)
	benchkit.Figure("daemon that streams 2 GiB", "500 in ≤ 5 s, memory < +100 MiB", "%d in %v, +%d MiB at most", status, took.Round(time.Millisecond), grown>>20)
	require.Less(t, grown, 100<<20)
	benchkit.Within(t, took <= 5*time.Second, "in time")
	status, _, _ = s.get(t, "/ps2/good")
	require.Equal(t, http.StatusOK, status)
}

func TestThousandHosts(t *testing.T) {
	benchkit.Parallel(t)
	n := benchkit.Size(30, 1000)
	var hosts []string
	for i := range n {
		d := dockertest.NewDaemon(t)
		for j := range 20 {
			d.Add(dockertest.Container{Name: fmt.Sprintf("c%d", j), Labels: map[string]string{"com.docker.compose.project": "shop"}})
		}
		hosts = append(hosts, fmt.Sprintf("h%d=%s", i, d.Addr()))
	}
	s := wharf(t, strings.Join(hosts, ","))
	time.Sleep(time.Duration(benchkit.Size(1, 10)) * time.Second) // until the streams are open
	status, body, cold := s.get(t, "/v1/containers")
	require.Equal(t, http.StatusOK, status)
	var answer struct {
		Data struct{ Hosts []struct{ OK bool } }
	}
	require.NoError(t, json.Unmarshal(body, &answer))
	ok := 0
	for _, h := range answer.Data.Hosts {
		if h.OK {
			ok++
		}
	}
	require.Equal(t, n, ok)
	_, _, warm := s.get(t, "/v1/containers")
	time.Sleep(time.Second)
	before, idle := s.CPU(), time.Duration(benchkit.Size(1, 20))*time.Second
	time.Sleep(idle)
	busy := float64(s.CPU()-before) / float64(idle)
	rss := s.Resident("VmRSS")
	benchkit.Figure(fmt.Sprintf("%d hosts × 20 containers", n), "cold ≤ 1 s, ≤ 300 MiB, idle ≤ 10 % of a core",
		"%v (then %v), %d MiB, %.1f %%", cold.Round(time.Millisecond), warm.Round(time.Millisecond), rss>>20, 100*busy)
	benchkit.Within(t, cold <= time.Second, "cold")
	benchkit.Within(t, rss <= 300<<20, "memory")
	benchkit.Within(t, busy <= 0.1, "idle")
}

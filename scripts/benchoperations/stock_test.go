package benchoperations

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// fourEngines returns four engines on unix sockets: two of the test bed, and two that this run starts.
func fourEngines(t *testing.T) (engines []dockertest.Engine, hosts string) {
	t.Helper()
	engines = append(engines, dockertest.Engines(t)[:2]...)
	for range 2 {
		engines = append(engines, dockertest.NewOwnEngine(t).Engine)
	}
	names := make([]string, len(engines))
	for i, e := range engines {
		names[i] = fmt.Sprintf("e%d=%s", i, e.Addr)
	}
	return engines, strings.Join(names, ",")
}

// TestRestartMany restarts containers of four engines through wharf, 20 at a time. It compares this with the engines' own limit: the
// same restarts sent directly to them. Meanwhile it measures other calls.
func TestRestartMany(t *testing.T) {
	benchkit.Parallel(t)
	engines, hosts := fourEngines(t)
	f := newFixture(t, hosts)
	n := benchkit.Size(4, 50)
	ids := make([][]string, len(engines))
	var making sync.WaitGroup
	for i, e := range engines {
		making.Go(func() {
			for range n {
				ids[i] = append(ids[i], e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}, Labels: map[string]string{"bench": "restart"}}))
			}
		})
	}
	making.Wait()
	calls := f.others(t)
	began := time.Now()
	restartStraight(t, engines, ids)
	own := time.Since(began)
	ownP99 := calls()

	calls = f.others(t)
	began = time.Now()
	timeout := 1
	op, err := f.client.StartOperation(t.Context(), dto.BulkOperation{
		Operation: "restart", Select: dto.Selection{Label: []string{"bench=restart"}}, Parallel: 20, Timeout: &timeout,
	})
	require.NoError(t, err)
	require.Len(t, op.Targets, n*len(engines))
	for frame, err := range f.client.StreamGetOperation(t.Context(), op.ID) {
		require.NoError(t, err)
		if frame.Event == "end" {
			require.Equal(t, "succeeded", frame.Data.(dto.BulkEnd).State)
			break
		}
	}
	wall := time.Since(began)
	p99 := calls()
	benchkit.Figure(fmt.Sprintf("restart %d containers of 4 engines, 20 at a time: wall, beside the engines' own limit", n*len(engines)), "≤ 1.2×",
		"%.2f× (%.1f s, own %.1f s)", float64(wall)/float64(own), wall.Seconds(), own.Seconds())
	benchkit.Figure("the same: p99 of other calls, beside theirs during the engines' own", "≤ 1.5×", "%.2f× (%.0f ms, %.0f ms)",
		float64(p99)/float64(ownP99), ms(p99), ms(ownP99))
	benchkit.Within(t, float64(wall) <= 1.2*float64(own), "an operation on many takes too long")
	benchkit.Within(t, float64(p99) <= 1.5*float64(ownP99), "other calls are slower")
}

// restartStraight restarts containers without wharf, 20 at a time, alternating between the engines.
func restartStraight(t *testing.T, engines []dockertest.Engine, ids [][]string) {
	t.Helper()
	var running sync.WaitGroup
	places := make(chan struct{}, 20)
	for k := range ids[0] {
		for i, e := range engines {
			places <- struct{}{}
			running.Go(func() {
				defer func() { <-places }()
				e.Restart(t, ids[i][k])
			})
		}
	}
	running.Wait()
}

// others lists the hosts and all containers every 50 ms. The returned function stops it and returns the p99.
func (f *fixture) others(t *testing.T) (p99 func() time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var took []time.Duration
	var asking sync.WaitGroup
	asking.Go(func() {
		for ctx.Err() == nil {
			began := time.Now()
			_, err := f.client.ListHostStatus(ctx, dto.HostQuery{})
			if err == nil {
				_, err = f.client.ListAllContainers(ctx, dto.AllContainersQuery{})
			}
			if ctx.Err() == nil {
				require.NoError(t, err)
				took = append(took, time.Since(began))
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	return func() time.Duration {
		cancel()
		asking.Wait()
		slices.Sort(took)
		require.NotEmpty(t, took)
		return took[len(took)*99/100]
	}
}

// TestImages lists the images of four engines through wharf, compared with the slowest engine's own list: with unchanged lists, with
// changed lists, and from the cache.
func TestImages(t *testing.T) {
	benchkit.Parallel(t)
	engines, hosts := fourEngines(t)
	n := benchkit.Size(3, 125)
	var making sync.WaitGroup
	for _, e := range engines {
		making.Go(func() {
			for i := range n {
				e.ImportImage(t, fmt.Sprintf("example.org/bench:%d", i), fmt.Appendf(nil, "%s %d", e.Name, i))
			}
		})
	}
	making.Wait()
	f := newFixture(t, hosts)
	list := func() time.Duration {
		_, err := f.client.ListHosts(t.Context()) // wake wharf up, as their ping does the engines
		require.NoError(t, err)
		began := time.Now()
		f.rawImages(t) // not decoded, like the engines' own lists
		return time.Since(began)
	}
	page, err := f.client.ListImages(t.Context(), dto.ImageQuery{StockQuery: dto.StockQuery{Limit: 5000}})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(page.Images), n*len(engines))
	var same, changed listing
	var kept []time.Duration
	for round := range benchkit.Size(4, 24) {
		took := &same
		if round%4 > 1 { // each engine's list has changed
			took = &changed
			for _, e := range engines {
				e.ImportImage(t, fmt.Sprintf("example.org/later:%d", round), fmt.Appendf(nil, "%s later %d", e.Name, round))
			}
		}
		time.Sleep(5100 * time.Millisecond) // lists are cached for 5 s
		if round%2 == 0 {                   // alternate the order: the second finds warm engines
			took.own = append(took.own, slowest(t, engines))
			took.through = append(took.through, list())
		} else {
			took.through = append(took.through, list())
			took.own = append(took.own, slowest(t, engines))
		}
		kept = append(kept, list())
	}
	benchkit.Figure(fmt.Sprintf("list %d images of 4 engines, beside the slowest engine's own list", n*len(engines)), "≤ 1.25×", "%s", same.figure())
	benchkit.Figure("the same, an image more on each of them", "", "%s", changed.figure())
	benchkit.Figure("the same, unchanged since", "from memory", "%.1f ms", ms(median(kept)))
	benchkit.Within(t, same.ratio() <= 1.25, "the list of images takes too long")
	benchkit.Within(t, median(kept) < median(same.own), "an unchanged list isn't kept")
}

// listing is how long lists took through wharf, and the slowest engine's own each time.
type listing struct{ through, own []time.Duration }

func (l *listing) ratio() float64 { return float64(median(l.through)) / float64(median(l.own)) }

func (l *listing) figure() string {
	return fmt.Sprintf("%.2f× (%.1f ms, own %.1f ms)", l.ratio(), ms(median(l.through)), ms(median(l.own)))
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// rawImages reads the list through wharf without decoding it.
func (f *fixture) rawImages(t *testing.T) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL()+"/v1/images?limit=5000", http.NoBody)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+f.key)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// slowest requests the images of all engines at the same time and returns the longest time.
func slowest(t *testing.T, engines []dockertest.Engine) time.Duration {
	t.Helper()
	took := make([]time.Duration, len(engines))
	var asking sync.WaitGroup
	begin := make(chan struct{})
	for i, e := range engines {
		transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", strings.TrimPrefix(e.Addr, "unix://"))
		}}
		defer transport.CloseIdleConnections()
		ask := func(path string) {
			resp, err := (&http.Client{Transport: transport}).Get("http://engine" + path)
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
		}
		ask("/_ping") // wharf's connection is open already, too
		asking.Go(func() {
			<-begin // all compete for the machine, as they do when wharf asks
			began := time.Now()
			ask("/v1.41/images/json")
			took[i] = time.Since(began)
		})
	}
	close(begin)
	asking.Wait()
	return slices.Max(took)
}

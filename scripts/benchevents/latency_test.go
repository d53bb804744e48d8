package benchevents

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// TestLatency compares when each event arrives through wharf and through the engine's own /events, by one clock in one process.
func TestLatency(t *testing.T) {
	benchkit.Parallel(t)
	onlyFull(t)
	engine := dockertest.Engines(t)[0]
	for _, c := range []struct {
		clients  int
		must     string
		p50, p99 time.Duration
	}{
		{1, "p50 ≤ 2 ms, p99 ≤ 10 ms", 2 * time.Millisecond, 10 * time.Millisecond},
		{100, "p50 ≤ 4 ms, p99 ≤ 15 ms", 4 * time.Millisecond, 15 * time.Millisecond},
		{500, "p50 ≤ 20 ms", 20 * time.Millisecond, time.Hour},
	} {
		w := wharf(t, "h="+engine.Addr)
		w.awaitHost("h")
		raw := rawReceipts(t, engine)
		var mu sync.Mutex
		receipts := map[string][]time.Time{}
		onFrame := func(name string, at time.Time) {
			mu.Lock()
			defer mu.Unlock()
			receipts[name] = append(receipts[name], at)
		}
		followers := make([]*benchkit.Follower, c.clients)
		for i := range followers {
			followers[i] = follow(w.URL()+"/events?type=image", func(g benchkit.Frame) {
				if name := tagged(g.Data.Type, g.Data.Action, g.Data.Attrs); name != "" {
					onFrame(name, g.At)
				}
			})
		}
		for _, f := range followers {
			await(t, "client connects", time.Minute, func() bool { return f.Connected() > 0 })
		}
		tags := newTagger(t, engine)
		const n = 200
		for range n {
			tags.next(t)
			time.Sleep(50 * time.Millisecond)
		}
		await(t, "all receipts", time.Minute, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(receipts) == n && len(receipts[fmt.Sprintf("e-%d", n-1)]) >= c.clients
		})
		for _, f := range followers {
			f.Stop()
		}
		var added []time.Duration
		for name, times := range receipts {
			at, ok := raw.Load(name)
			require.True(t, ok)
			for _, seen := range times {
				added = append(added, seen.Sub(at.(time.Time)))
			}
		}
		tags.clean(t, 0)
		w.Kill()
		time.Sleep(1500 * time.Millisecond) // a first connection also reads the second before it
		benchkit.Figure(fmt.Sprintf("added latency, %d clients", c.clients), c.must, "p50 %v, p99 %v", percentile(added, 0.5), percentile(added, 0.99))
	}
}

// rawReceipts records when the engine's own stream delivered each tag.
func rawReceipts(t *testing.T, engine dockertest.Engine) *sync.Map {
	t.Helper()
	var seen sync.Map
	hc := engine.Client().HTTPClient()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/events", nil)
	require.NoError(t, err)
	resp, err := hc.Do(r)
	require.NoError(t, err)
	go func() {
		defer resp.Body.Close()
		for b, rest := make([]byte, 64<<10), []byte(nil); ; {
			n, err := resp.Body.Read(b)
			at := time.Now()
			if err != nil {
				return
			}
			rest = append(rest, b[:n]...)
			for {
				line, after, ok := bytes.Cut(rest, []byte("\n"))
				if !ok {
					break
				}
				rest = after
				if i := bytes.Index(line, []byte(`"name":"wharf-bench:`)); i >= 0 && bytes.Contains(line, []byte(`"Action":"tag"`)) {
					name, _, _ := bytes.Cut(line[i+len(`"name":"wharf-bench:`):], []byte(`"`))
					seen.Store(string(name), at)
				}
			}
		}
	}()
	return &seen
}

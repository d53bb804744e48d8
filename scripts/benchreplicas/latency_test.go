package benchreplicas

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// A replica that doesn't own a host delivers its events shortly after the owner.
func TestLatencyOnAReplicaThatIsNotTheOwner(t *testing.T) {
	benchkit.Parallel(t)
	f := newFleet(t, 1, 0, 1) // a single host, so that its lease doesn't move
	owner := f.start()
	f.awaitReaders(time.Minute)
	other := f.start()
	var mu sync.Mutex
	at := [2]map[string]time.Time{{}, {}}
	for i, r := range []*replica{owner, other} {
		c := follow(r.URL()+"/events", nil, func(g benchkit.Frame) {
			mu.Lock()
			defer mu.Unlock()
			at[i][g.Data.Attrs["n"]] = g.At
		})
		t.Cleanup(c.Stop)
		await(t, "connected", time.Minute, func() bool { return c.Connected() > 0 })
	}
	n := benchkit.Size(50, 2000)
	sent := make(map[string]time.Time, n)
	for i := range n {
		key := fmt.Sprint(i)
		sent[key] = time.Now()
		f.daemons[0].Emit(dockertest.NewMessage("container", "exec_die", "x", map[string]string{"n": key}))
		rest(5 * time.Millisecond)
	}
	var seen [2]int
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		seen = [2]int{len(at[0]), len(at[1])}
		return seen[0] >= n && seen[1] >= n
	}, time.Minute, 5*time.Millisecond, "all %d events on both: %v", n, &seen)
	mu.Lock()
	defer mu.Unlock()
	var own, others, added []time.Duration
	for key, began := range sent {
		require.Contains(t, at[0], key)
		own, others = append(own, at[0][key].Sub(began)), append(others, at[1][key].Sub(began))
		added = append(added, max(at[1][key].Sub(at[0][key]), 0))
	}
	p50, p99 := percentile(added, 0.5), percentile(added, 0.99)
	benchkit.Figure("latency of an event on its owner, p50 / p99", "–", "%.1f / %.1f ms", millis(percentile(own, 0.5)), millis(percentile(own, 0.99)))
	benchkit.Figure("the same on another replica", "–", "%.1f / %.1f ms", millis(percentile(others, 0.5)), millis(percentile(others, 0.99)))
	benchkit.Figure("added latency on a replica that isn't the owner, p50 / p99", "≤ 5 / 25 ms", "%.1f / %.1f ms", millis(p50), millis(p99))
	benchkit.Within(t, p50 <= 5*time.Millisecond && p99 <= 25*time.Millisecond, "added latency")
}

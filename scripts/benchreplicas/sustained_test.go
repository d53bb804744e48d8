package benchreplicas

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// rateKeeper has engines report events at a rate, spread over them, and knows when each was.
type rateKeeper struct {
	mu   sync.Mutex
	sent []time.Time
}

// keep reports events for a time, and returns how many.
func (k *rateKeeper) keep(f *fleet, rate int, length time.Duration) int {
	const every = 10 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	began, n := time.Now(), 0
	for now := range tick.C {
		due := int(float64(rate) * now.Sub(began).Seconds())
		for ; n < due; n++ {
			k.mu.Lock()
			k.sent = append(k.sent, time.Now())
			k.mu.Unlock()
			f.daemons[n%len(f.daemons)].Emit(dockertest.NewMessage("container", "exec_die", "x", map[string]string{"n": fmt.Sprint(n), "name": "web", "image": "nginx:alpine", "exitCode": "0"}))
		}
		if now.Sub(began) >= length {
			break
		}
	}
	return n
}

// The log takes 5,000 events/s while retention keeps its table from growing.
func TestSustained(t *testing.T) {
	rate, keep := benchkit.Size(200, 5000), benchkit.Size(1000, 500_000)
	length := 300 * time.Second
	if d, err := time.ParseDuration(os.Getenv("LENGTH")); err == nil {
		length = d
	}
	if !benchkit.Full {
		length = 8 * time.Second
	}
	f := newFleet(t, 10, 0, 1, fmt.Sprint("EVENTS_MAX=", keep))
	r := f.start()
	f.awaitReaders(time.Minute)
	k := &rateKeeper{}
	var mu sync.Mutex
	var lags []time.Duration
	last, falls := map[string]int{}, 0
	c := follow(r.URL()+"/events", nil, func(g got) {
		var n int
		if _, err := fmt.Sscan(g.data.Attrs["n"], &n); err != nil {
			return
		}
		k.mu.Lock()
		sent := k.sent[n]
		k.mu.Unlock()
		mu.Lock()
		defer mu.Unlock()
		lags = append(lags, g.at.Sub(sent))
		if n < last[g.data.Host] {
			falls++
		}
		last[g.data.Host] = n
	})
	t.Cleanup(c.stop)
	await(t, "connected", time.Minute, func() bool { return c.connected() > 0 })
	var sizes []int64
	ended, sampled := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sampled)
		for {
			select {
			case <-ended:
				return
			case <-time.After(length / 10):
				sizes = append(sizes, f.number("SELECT pg_total_relation_size('events') >> 20"))
			}
		}
	}()
	n := k.keep(f, rate, length)
	close(ended)
	<-sampled
	rows := f.number("SELECT count(*) FROM events")
	await(t, "all events", 2*time.Minute, func() bool { mu.Lock(); defer mu.Unlock(); return len(lags) >= n })
	mu.Lock()
	defer mu.Unlock()
	p50, p99 := percentile(lags, 0.5), percentile(lags, 0.99)
	benchkit.Figure(fmt.Sprintf("%d events/s for %v on Postgres, retention at %d", rate, length, keep), "lag p99 ≤ 200 ms",
		"%.0f/s; lag p50 %.0f ms, p99 %.0f ms", float64(n)/length.Seconds(), millis(p50), millis(p99))
	benchkit.Figure("rows at its end; the table's size through it, MiB", "≤ 550,000; stops growing", "%d; %v", rows, sizes)
	require.Len(t, lags, n, "each event once")
	require.Zero(t, falls, "in order")
	require.Equal(t, "0", dbtest.Text(t, f.source, "SELECT count(*) FROM events WHERE kind = 2"), "no gap")
	benchkit.Within(t, p99 <= 200*time.Millisecond && rows <= 550_000, "the log keeps up")
}

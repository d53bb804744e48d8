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

// rateKeeper makes engines report events at a total rate, and records when each was reported.
type rateKeeper struct {
	mu   sync.Mutex
	sent []time.Time
}

// keep reports events for a time, and returns how many it reported.
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

// sustained is the load of a log, with the query for its table's size in MiB.
type sustained struct {
	database   string
	rate, keep int
	size       string
}

// The log stores 5,000 events/s while retention keeps its table from growing.
func TestSustained(t *testing.T) {
	benchkit.Parallel(t)
	l := sustained{"Postgres", benchkit.Size(200, 5000), benchkit.Size(1000, 500_000), "SELECT pg_total_relation_size('events') >> 20"}
	l.run(t, newFleet(t, 10, 0, 1, fmt.Sprint("EVENTS_MAX=", l.keep)))
}

// The same on SQLite, with 2,000 events/s.
func TestSustainedSQLite(t *testing.T) {
	benchkit.Parallel(t)
	l := sustained{"SQLite", benchkit.Size(200, 2000), benchkit.Size(1000, 200_000), "SELECT page_count * page_size >> 20 FROM pragma_page_count(), pragma_page_size()"}
	l.run(t, newFleetOn(t, "sqlite:"+t.TempDir()+"/wharf.db", 10, 0, 1, fmt.Sprint("EVENTS_MAX=", l.keep)))
}

// sustainedFor returns how long the load lasts.
func sustainedFor(t testing.TB) time.Duration {
	t.Helper()
	if !benchkit.Full {
		return 8 * time.Second
	}
	given := os.Getenv("LENGTH")
	if given == "" {
		return 300 * time.Second
	}
	length, err := time.ParseDuration(given)
	require.NoError(t, err)
	return length
}

// arrivals is what a client receives of a rateKeeper's events.
type arrivals struct {
	k     *rateKeeper
	mu    sync.Mutex
	lags  []time.Duration
	last  map[string]int
	falls int
}

func (a *arrivals) receive(g benchkit.Frame) {
	var n int
	if _, err := fmt.Sscan(g.Data.Attrs["n"], &n); err != nil {
		return
	}
	a.k.mu.Lock()
	sent := a.k.sent[n]
	a.k.mu.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lags = append(a.lags, g.At.Sub(sent))
	if n < a.last[g.Data.Host] {
		a.falls++
	}
	a.last[g.Data.Host] = n
}

func (a *arrivals) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.lags)
}

// sizes reads the table's size ten times in length, until stop is closed.
func (l sustained) sizes(f *fleet, length time.Duration, stop <-chan struct{}) (sizes []int64) {
	for {
		select {
		case <-stop:
			return sizes
		case <-time.After(length / 10):
			sizes = append(sizes, f.number(l.size))
		}
	}
}

func (l sustained) run(t *testing.T, f *fleet) {
	length := sustainedFor(t)
	r := f.start()
	f.awaitReaders(time.Minute)
	k := &rateKeeper{}
	a := &arrivals{k: k, last: map[string]int{}}
	c := follow(r.URL()+"/events", nil, a.receive)
	t.Cleanup(c.Stop)
	await(t, "connected", time.Minute, func() bool { return c.Connected() > 0 })
	stop, sizes := make(chan struct{}), make(chan []int64, 1)
	go func() { sizes <- l.sizes(f, length, stop) }()
	before := r.CPU()
	n := k.keep(f, l.rate, length)
	cpu := 100 * (r.CPU() - before).Seconds() / length.Seconds()
	close(stop)
	rows, grown := f.number("SELECT count(*) FROM events"), <-sizes
	await(t, "all events", 2*time.Minute, func() bool { return a.count() >= n })
	c.Stop()
	p50, p99 := percentile(a.lags, 0.5), percentile(a.lags, 0.99)
	most := l.keep * 11 / 10
	benchkit.Figure(fmt.Sprintf("%d events/s for %v on %s, retention at %d", l.rate, length, l.database, l.keep), "lag p99 ≤ 200 ms",
		"%.0f/s; lag p50 %.0f ms, p99 %.0f ms; %.0f %% of a core", float64(n)/length.Seconds(), millis(p50), millis(p99), cpu)
	benchkit.Figure("rows at its end; the table's size through it, MiB", fmt.Sprintf("≤ %d; stops growing", most), "%d; %v", rows, grown)
	require.Len(t, a.lags, n, "each event once")
	require.Zero(t, a.falls, "in order")
	require.Equal(t, "0", dbtest.Text(t, f.source, "SELECT count(*) FROM events WHERE kind = 2"), "no gap")
	benchkit.Within(t, p99 <= 200*time.Millisecond && int(rows) <= most, "the log keeps up")
}

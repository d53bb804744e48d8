package benchevents

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/dockerx/dockertest"
	"wharf/dockerx/events"
	"wharf/scripts/benchkit"
	"wharf/service/eventlog"
)

// onlyFull skips time measurements in test runs, where they would mean nothing.
func onlyFull(t *testing.T) {
	t.Helper()
	if !benchkit.Full {
		t.Skip("a figure, not a test: make bench-events takes it")
	}
}

func percentile(d []time.Duration, p float64) time.Duration {
	slices.Sort(d)
	if len(d) == 0 {
		return 0
	}
	return d[min(int(float64(len(d))*p), len(d)-1)].Round(10 * time.Microsecond)
}

// plain starts the reference hub.
func plain(t *testing.T, d *dockertest.Daemon) *server {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	s := &server{benchkit.Run(t, self, func(p *benchkit.Process) []string {
		return []string{"PLAIN_HUB=" + p.Addr, "PLAIN_HUB_SOURCE=http" + d.Addr()[len("tcp"):] + "/v1.41"}
	}), t}
	await(t, "the plain hub reads", time.Minute, func() bool { return d.Streams() == 1 })
	return s
}

// crowd is many clients that only count frames.
type crowd struct {
	conns  []net.Conn
	frames atomic.Int64
	closed atomic.Int64
}

func gather(t *testing.T, addr string, n int) *crowd {
	t.Helper()
	c := &crowd{}
	for range n {
		conn, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		_, err = fmt.Fprintf(conn, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
		require.NoError(t, err)
		c.conns = append(c.conns, conn)
		head := make([]byte, 512)
		_, err = conn.Read(head)
		require.NoError(t, err)
		go c.count(conn)
	}
	t.Cleanup(c.leave)
	time.Sleep(200 * time.Millisecond)
	c.frames.Store(0)
	return c
}

// count counts the line that each frame has exactly once, even if it is split between two reads.
func (c *crowd) count(conn net.Conn) {
	mark := []byte("\ndata: ")
	b, kept := make([]byte, 32<<10), 0
	for {
		n, err := conn.Read(b[kept:])
		if err != nil {
			c.closed.Add(1)
			return
		}
		n += kept
		c.frames.Add(int64(bytes.Count(b[:n], mark)))
		kept = min(n, len(mark)-1)
		copy(b, b[n-kept:n])
	}
}

func (c *crowd) leave() {
	for _, conn := range c.conns {
		_ = conn.Close()
	}
}

// attrs gives a frame of about 450 bytes.
var attrs = map[string]string{
	"com.docker.compose.project": "final_project", "com.docker.compose.service": "redis", "execDuration": "1001",
	"exitCode": "0", "image": "redis:alpine", "name": "final_project-redis-1",
}

const actor = "4a55acf11f30b628d58ce47a19bde7d30e144314b530f90a2501524e7f3f9cd4"

// storm emits bursts of events at an interval. It returns the frames per second that the clients received, the frames they
// missed, and the CPU time of the server.
func storm(t *testing.T, d *dockertest.Daemon, s *server, c *crowd, burst int, every, length time.Duration) (rate float64, missed int64, cpu time.Duration) {
	t.Helper()
	c.frames.Store(0)
	before, began := s.CPU(), time.Now()
	sent := 0
	tick := time.NewTicker(every)
	defer tick.Stop()
	for time.Since(began) < length {
		for range burst {
			d.Emit(dockertest.NewMessage("container", "die", actor, attrs))
			sent++
		}
		<-tick.C
	}
	want := int64(sent * len(c.conns))
	for quiet, last := time.Now(), int64(-1); c.frames.Load() < want && time.Since(quiet) < 2*time.Second; time.Sleep(2 * time.Millisecond) {
		if n := c.frames.Load(); n != last {
			quiet, last = time.Now(), n
		}
	}
	took := time.Since(began)
	got := c.frames.Load()
	if got < want {
		took -= 2 * time.Second
	}
	return float64(got) / took.Seconds(), want - got, s.CPU() - before
}

// fanOut is the results of one server.
type fanOut struct {
	small, large load
	burst, most  float64 // frames/s
	text         string
}

// load is the CPU time per frame: in all, and the part caused by clients. The rest is the cost without any client: reading the
// daemon and, in wharf, writing the log.
type load struct{ all, clients time.Duration }

func TestFanOut(t *testing.T) {
	benchkit.Parallel(t)
	onlyFull(t)
	seen := map[string]fanOut{}
	for _, name := range []string{"plain", "wharf"} {
		d := dockertest.NewDaemon(t)
		var s *server
		if name == "plain" {
			s = plain(t, d)
		} else {
			s = wharf(t, "h="+d.Addr())
			s.awaitHost("h")
		}
		seen[name] = measureFanOut(t, d, s)
		s.Kill()
	}
	wharf, plain := seen["wharf"], seen["plain"]
	for _, l := range []struct {
		what         string
		wharf, plain load
	}{{"1,000 clients × 20 events/s", wharf.large, plain.large}, {"100 clients × 100 events/s", wharf.small, plain.small}} {
		benchkit.Figure("CPU per frame, "+l.what, "≤ 0.65 × the plainest hub", "fan-out %.2f× (wharf %.1f µs, plain %.1f µs); with wharf's durable log %.2f× (%.1f µs, %.1f µs)",
			ratio(l.wharf.clients, l.plain.clients), micros(l.wharf.clients), micros(l.plain.clients),
			ratio(l.wharf.all, l.plain.all), micros(l.wharf.all), micros(l.plain.all))
	}
	benchkit.Figure("1,000 clients × 400 events/s in bursts of 40", "nothing dropped", "%.1f× the plainest hub (wharf %s; plain %s)",
		wharf.burst/plain.burst, wharf.text, plain.text)
	// wharf can send more than 400,000 frames/s: to show its throughput, both servers get more than they can send.
	benchkit.Figure("1,000 clients × 2,000 events/s in bursts of 200", "≥ 4× its throughput", "%.1f× (wharf %.0f frames/s, plain %.0f)",
		wharf.most/plain.most, wharf.most, plain.most)
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }
func micros(d time.Duration) float64   { return float64(d.Nanoseconds()) / 1000 }

func measureFanOut(t *testing.T, d *dockertest.Daemon, s *server) (f fanOut) {
	t.Helper()
	const length = 10 * time.Second
	steady := func(clients int, every time.Duration) time.Duration {
		c := gather(t, s.Addr, clients)
		defer time.Sleep(time.Second)
		defer c.leave()
		_, missed, cpu := storm(t, d, s, c, 1, every, length)
		require.Zero(t, missed)
		return cpu
	}
	of := func(clients int, every time.Duration) load {
		frames := time.Duration(clients) * (length / every)
		alone, all := steady(0, every), steady(clients, every)
		return load{all / frames, (all - alone) / frames}
	}
	f.small, f.large = of(100, 10*time.Millisecond), of(1000, 50*time.Millisecond)
	c := gather(t, s.Addr, 1000)
	defer c.leave()
	rate, missed, cpu := storm(t, d, s, c, 40, 100*time.Millisecond, 5*time.Second)
	f.burst = rate
	f.text = fmt.Sprintf("%.0f frames/s, %d missed, %d closed, CPU %v/s", rate, missed, c.closed.Load(), (cpu / 5).Round(time.Millisecond))
	f.most, _, _ = storm(t, d, s, c, 200, 100*time.Millisecond, 4*time.Second)
	return f
}

func TestAppendRate(t *testing.T) {
	benchkit.Parallel(t)
	onlyFull(t)
	for _, c := range []struct {
		name, must string
		source     func(testing.TB) string
	}{{"SQLite", "≥ 20,000 events/s", dbtest.SQLiteSource}, {"Postgres", "≥ 10,000 events/s", dbtest.PostgresSource}} {
		l := eventlog.New(dbtest.Open(t, c.source(t)), eventlog.Options{Pending: 1 << 20, Patience: time.Hour})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); _ = l.Run(ctx) }()
		const n = 100_000
		began := time.Now()
		for i := range n {
			l.Publish(events.Event{
				Host: "h", Type: "container", Action: "exec_start", ActorID: fmt.Sprintf("%064d", i%50), ActorName: "c",
				Time: time.Unix(0, int64(i+1)).UTC(), Attrs: attrs,
			})
		}
		await(t, "all written", time.Minute, func() bool { return l.Pending() == 0 })
		took := time.Since(began)
		cancel()
		<-done
		benchkit.Figure("log append, batches, "+c.name, c.must, "%.0f events/s", n/took.Seconds())
	}
}

package benchevents

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/service/eventlog"
)

// onlyFull keeps what measures time out of the tests: there it would say nothing.
func onlyFull(t *testing.T) {
	t.Helper()
	if !full {
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

// TestLatency compares the receipt of each event over wharf with that of the engine's own
// /events, by one clock in one process.
func TestLatency(t *testing.T) {
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
		followers := make([]*follower, c.clients)
		for i := range followers {
			followers[i] = follow("http://"+w.addr+"/events?type=image", func(g got) {
				if name := tagged(g.data.Type, g.data.Action, g.data.Attrs); name != "" {
					onFrame(name, g.at)
				}
			})
		}
		for _, f := range followers {
			await(t, "client connects", 20*time.Second, func() bool { return f.connected() > 0 })
		}
		tags := newTagger(t, engine)
		const n = 200
		for range n {
			tags.next(t)
			time.Sleep(50 * time.Millisecond)
		}
		await(t, "all receipts", 20*time.Second, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(receipts) == n && len(receipts[fmt.Sprintf("e-%d", n-1)]) >= c.clients
		})
		for _, f := range followers {
			f.stop()
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
		w.kill()
		time.Sleep(1500 * time.Millisecond) // a first connection also reads the second before it
		figure(fmt.Sprintf("added latency, %d clients", c.clients), c.must, "p50 %v, p99 %v", percentile(added, 0.5), percentile(added, 0.99))
	}
}

// rawReceipts notes when the engine's own stream brought each tag.
func rawReceipts(t *testing.T, engine dockertest.Engine) *sync.Map {
	t.Helper()
	var seen sync.Map
	hc := engine.Client().HTTPClient()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", "http://docker/events", nil)
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

// plain starts the reference hub.
func plain(t *testing.T, d *dockertest.Daemon) *server {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server{t: t, dir: t.TempDir(), path: self, addr: l.Addr().String()}
	require.NoError(t, l.Close())
	s.env = []string{"PLAIN_HUB=" + s.addr, "PLAIN_HUB_SOURCE=http" + d.Addr()[len("tcp"):] + "/v1.41"}
	s.start()
	t.Cleanup(s.kill)
	await(t, "the plain hub reads", 5*time.Second, func() bool { return d.Streams() == 1 })
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

// count looks for the line that each frame has once; it may be cut in two by a read.
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

// attrs makes a frame of about 450 bytes.
var attrs = map[string]string{
	"com.docker.compose.project": "final_project", "com.docker.compose.service": "redis", "execDuration": "1001",
	"exitCode": "0", "image": "redis:alpine", "name": "final_project-redis-1",
}

const actor = "4a55acf11f30b628d58ce47a19bde7d30e144314b530f90a2501524e7f3f9cd4"

// storm emits bursts of events so often and returns what the clients got, per second, what they
// missed, and the CPU that the server used.
func storm(t *testing.T, d *dockertest.Daemon, s *server, c *crowd, burst int, every, length time.Duration) (rate float64, missed int64, cpu time.Duration) {
	t.Helper()
	c.frames.Store(0)
	before, began := s.schedCPU(), time.Now()
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
	return float64(got) / took.Seconds(), want - got, s.schedCPU() - before
}

func TestFanOut(t *testing.T) {
	onlyFull(t)
	small, large, burst := map[string]time.Duration{}, map[string]time.Duration{}, map[string]float64{}
	text := map[string]string{}
	for _, name := range []string{"plain", "wharf"} {
		d := dockertest.NewDaemon(t)
		var s *server
		if name == "plain" {
			s = plain(t, d)
		} else {
			s = wharf(t, "h="+d.Addr())
			s.awaitHost("h")
		}
		steady := func(clients int, every time.Duration) time.Duration {
			c := gather(t, s.addr, clients)
			defer time.Sleep(time.Second)
			defer c.leave()
			rate, missed, cpu := storm(t, d, s, c, 1, every, 10*time.Second)
			require.Zero(t, missed)
			return time.Duration(float64(cpu) / (rate * 10))
		}
		small[name], large[name] = steady(100, 10*time.Millisecond), steady(1000, 50*time.Millisecond)
		c := gather(t, s.addr, 1000)
		rate, missed, cpu := storm(t, d, s, c, 40, 100*time.Millisecond, 5*time.Second)
		burst[name] = rate
		text[name] = fmt.Sprintf("%.0f frames/s, %d missed, %d closed, CPU %v/s", rate, missed, c.closed.Load(), (cpu / 5).Round(time.Millisecond))
		c.leave()
		s.kill()
	}
	ratio := func(d map[string]time.Duration) string {
		return fmt.Sprintf("%.2f× (wharf, log included, %.1f µs; plain %.1f µs)", float64(d["wharf"])/float64(d["plain"]),
			float64(d["wharf"].Nanoseconds())/1000, float64(d["plain"].Nanoseconds())/1000)
	}
	figure("CPU per frame, 1,000 clients × 20 events/s", "≤ 0.65 × the plainest hub", "%s", ratio(large))
	figure("CPU per frame, 100 clients × 100 events/s", "≤ 0.65 × the plainest hub", "%s", ratio(small))
	figure("1,000 clients × 400 events/s in bursts of 40", "nothing dropped, ≥ 4× its throughput", "%.1f× (wharf %s; plain %s)",
		burst["wharf"]/burst["plain"], text["wharf"], text["plain"])
}

func TestMemoryAndIdleCPU(t *testing.T) {
	onlyFull(t)
	d := dockertest.NewDaemon(t)
	w := wharf(t, "h="+d.Addr())
	w.awaitHost("h")
	warm := gather(t, w.addr, 50)
	storm(t, d, w, warm, 1, 10*time.Millisecond, time.Second)
	warm.leave()
	time.Sleep(time.Second)
	before := w.rss()
	c := gather(t, w.addr, 1000)
	storm(t, d, w, c, 1, 50*time.Millisecond, 3*time.Second)
	figure("memory per client, 1,000 connected, HTTP/1.1", "≤ 10 KiB", "%.1f KiB", float64(w.rss()-before)/1000/1024)
	c.leave()
	w.kill()

	w = wharf(t, "h="+d.Addr())
	w.awaitHost("h")
	time.Sleep(2 * time.Second)
	cpu, began := w.schedCPU(), time.Now()
	time.Sleep(30 * time.Second)
	alone := float64((w.schedCPU() - cpu).Microseconds()) / time.Since(began).Seconds()
	gather(t, w.addr, 500)
	time.Sleep(2 * time.Second)
	cpu, began = w.schedCPU(), time.Now()
	time.Sleep(60 * time.Second)
	idle := float64((w.schedCPU() - cpu).Microseconds()) / time.Since(began).Seconds()
	figure("500 idle clients", "≤ 1 ms CPU/s", "%.2f ms/s more than none (%.2f against %.2f)", (idle-alone)/1000, idle/1000, alone/1000)
}

func TestMemoryHTTP2(t *testing.T) {
	onlyFull(t)
	dir := t.TempDir()
	cert, key := dir+"/cert.pem", dir+"/key.pem"
	out, err := exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
		"-days", "1", "-subj", "/CN=localhost", "-keyout", key, "-out", cert).CombinedOutput()
	require.NoError(t, err, string(out))
	d := dockertest.NewDaemon(t)
	w := wharf(t, "h="+d.Addr(), "TLS_CERT_FILE="+cert, "TLS_KEY_FILE="+key)
	await(t, "events are read", 10*time.Second, func() bool { return d.Streams() == 1 })
	var frames atomic.Int64
	time.Sleep(time.Second)
	before := w.rss()
	for range 10 { // as many connections, of 100 streams each
		hc := &http.Client{Transport: h2Transport()}
		for range 100 {
			resp, err := hc.Get("https://" + w.addr + "/events")
			require.NoError(t, err)
			require.Equal(t, 2, resp.ProtoMajor)
			t.Cleanup(func() { _ = resp.Body.Close() })
			go func() {
				b := make([]byte, 4096)
				for {
					n, err := resp.Body.Read(b)
					frames.Add(int64(bytes.Count(b[:n], []byte("\ndata: "))))
					if err != nil {
						return
					}
				}
			}()
		}
	}
	for range 60 {
		d.Emit(dockertest.NewMessage("container", "die", actor, attrs))
		time.Sleep(50 * time.Millisecond)
	}
	await(t, "frames over HTTP/2", 10*time.Second, func() bool { return frames.Load() >= 59_000 })
	figure("memory per client, 1,000 connected, HTTP/2", "≤ 30 KiB", "%.1f KiB", float64(w.rss()-before)/1000/1024)
}

func TestConnectsLeaveNothingBehind(t *testing.T) {
	d := dockertest.NewDaemon(t)
	fresh := func() *server {
		w := wharf(t, "h="+d.Addr())
		w.awaitHost("h")
		return w
	}
	w := fresh()
	first := gather(t, w.addr, 50)
	first.leave()
	http.DefaultClient.CloseIdleConnections()
	time.Sleep(time.Second)
	fds, n := w.fds(), size(500, 10_000)
	for done := 0; done < n; done += 50 {
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				conn, err := net.Dial("tcp", w.addr)
				if err != nil {
					return
				}
				defer conn.Close()
				_, _ = fmt.Fprintf(conn, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
				_, _ = io.ReadAtLeast(conn, make([]byte, 4096), 200)
			})
		}
		group.Wait()
	}
	await(t, "connections are gone", 10*time.Second, func() bool { return w.fds() <= fds })
	after := w.fds()
	used := w.goroutines()
	unused := fresh()
	http.DefaultClient.CloseIdleConnections()
	time.Sleep(time.Second)
	idle := unused.goroutines()
	figure(fmt.Sprintf("%d connects and disconnects", n), "goroutines and file descriptors ±0", "goroutines %+d, descriptors %+d", used-idle, after-fds)
	require.InDelta(t, idle, used, 3)
}

func TestAppendRate(t *testing.T) {
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
			l.Publish(dockerx.Event{
				Host: "h", Type: "container", Action: "exec_start", ActorID: fmt.Sprintf("%064d", i%50), ActorName: "c",
				Time: time.Unix(0, int64(i+1)).UTC(), Attrs: attrs,
			})
		}
		await(t, "all written", time.Minute, func() bool { return l.Pending() == 0 })
		took := time.Since(began)
		cancel()
		<-done
		figure("log append, batches, "+c.name, c.must, "%.0f events/s", n/took.Seconds())
	}
}

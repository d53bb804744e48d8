package benchevents

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// source emits numbered events through a fake daemon.
type source struct {
	*dockertest.Daemon
	times []time.Time
}

func (s *source) emit() {
	m := s.Emit(dockertest.NewMessage("image", "tag", fmt.Sprintf("e-%d", len(s.times)), map[string]string{"name": "app"}))
	s.times = append(s.times, time.Unix(0, m.TimeNano))
}

func (s *source) at(n int) time.Time { return s.times[n] }

func clients(t *testing.T, url string, n int) []*tally {
	t.Helper()
	all, _ := followers(t, url, n)
	return all
}

// followers starts clients that reconnect, each with its tally.
func followers(t *testing.T, url string, n int) ([]*tally, []*benchkit.Follower) {
	t.Helper()
	all := make([]*tally, n)
	coming := make([]*benchkit.Follower, n)
	for i := range all {
		all[i] = newTally()
		coming[i] = follow(url, all[i].receive)
		t.Cleanup(coming[i].Stop)
	}
	for _, f := range coming {
		await(t, "client connects", time.Minute, func() bool { return f.Connected() > 0 })
	}
	return all, coming
}

// sum adds up the verdicts of all clients.
func sum(all []*tally, n int, at func(int) time.Time) (missing, unmarked, twice, disorder int) {
	for _, y := range all {
		m, u, w, d := y.verdict(n, at)
		missing, unmarked, twice, disorder = missing+m, unmarked+u, twice+w, disorder+d
	}
	return missing, unmarked, twice, disorder
}

// requireNoneMissing applies only to the benchmark, which has the machine to itself. In a test run the daemon's ring of 256 events
// may overflow: then a missing event only has to lie inside a marked gap.
func requireNoneMissing(t *testing.T, missing int) {
	t.Helper()
	if benchkit.Full {
		require.Zero(t, missing)
	}
}

func TestCutsOfTheDaemonsStreamLoseNothing(t *testing.T) {
	benchkit.Parallel(t)
	d := &source{Daemon: dockertest.NewDaemon(t)}
	w := wharf(t, "h="+d.Addr())
	w.awaitHost("h")
	n, cuts := benchkit.Size(2000, 60_000), benchkit.Size(20, 300)
	all := clients(t, w.URL()+"/events", benchkit.Size(5, 20))
	began := time.Now()
	for i := range n {
		d.emit()
		if (i+1)%(n/cuts) == n/cuts/2 {
			d.CutStreams()
		}
		if i%20 == 0 { // 3,000 per second: the ring's 256 are overwritten in 85 ms
			time.Sleep(6 * time.Millisecond)
		}
	}
	awaitAll(t, all, n)
	missing, unmarked, twice, disorder := sum(all, n, d.at)
	benchkit.Figure(fmt.Sprintf("%d events, %d clients, %d cuts of the daemon's stream", n, len(all), cuts), "lost 0, twice 0, in order",
		"lost %d, twice %d, out of order %d, gaps marked %d (%s)", missing, twice, disorder, len(all[0].gaps), time.Since(began).Round(time.Millisecond))
	require.Zero(t, unmarked+twice+disorder)
	requireNoneMissing(t, missing)
}

// awaitAll waits until every client has everything, or nothing has arrived for three seconds.
func awaitAll(t *testing.T, all []*tally, n int) {
	t.Helper()
	quiet, last := time.Now(), 0
	await(t, "deliveries", time.Minute, func() bool {
		got, done := 0, true
		for _, y := range all {
			got, done = got+y.len(), done && y.len() >= n
		}
		if got != last {
			quiet, last = time.Now(), got
		}
		return done || time.Since(quiet) > 3*time.Second
	})
}

func TestKillingWharfLosesNothing(t *testing.T) {
	benchkit.Parallel(t)
	d := &source{Daemon: dockertest.NewDaemon(t)}
	w := wharf(t, "h="+d.Addr())
	w.awaitHost("h")
	n, kills := benchkit.Size(1000, 10_000), benchkit.Size(4, 20)
	all := clients(t, w.URL()+"/events", 3)
	var killer sync.WaitGroup
	for i := range n { // 400 per second, also while wharf is down
		d.emit()
		time.Sleep(2500 * time.Microsecond)
		if i%(n/kills) == n/kills/2 {
			killer.Wait()
			killer.Go(func() { w.Kill(); w.Start() })
		}
	}
	killer.Wait()
	awaitAll(t, all, n)
	missing, unmarked, twice, disorder := sum(all, n, d.at)
	benchkit.Figure(fmt.Sprintf("wharf killed (SIGKILL) %d times during %d events, %d clients resume", kills, n, len(all)), "lost 0, twice 0",
		"lost %d (outside a marked gap %d), twice %d, out of order %d, gaps marked %d", missing, unmarked, twice, disorder, len(all[0].gaps))
	require.Zero(t, unmarked+twice+disorder)
	requireNoneMissing(t, missing)
}

func TestAStuckClientHoldsUpNobody(t *testing.T) {
	benchkit.Parallel(t)
	d := &source{Daemon: dockertest.NewDaemon(t)}
	w := wharf(t, "h="+d.Addr())
	w.awaitHost("h")
	stuck, err := net.Dial("tcp", w.Addr)
	require.NoError(t, err)
	defer stuck.Close()
	require.NoError(t, stuck.(*net.TCPConn).SetReadBuffer(4096))
	_, err = fmt.Fprintf(stuck, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
	require.NoError(t, err)
	n := 40_000
	all := clients(t, w.URL()+"/events", benchkit.Size(5, 19))
	fds := w.fds()
	for i := range n {
		d.emit()
		if i%100 == 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	awaitAll(t, all, n)
	missing, _, twice, disorder := sum(all, n, d.at)
	closed := true
	if benchkit.Full || n >= 40_000 {
		closed = false
		for end := time.Now().Add(20 * time.Second); !closed && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			closed = w.fds() < fds
		}
	}
	benchkit.Figure(fmt.Sprintf("1 stuck client among %d, %d events", len(all)+1, n), "others 100 %, stuck closed",
		"others lost %d, twice %d, out of order %d; stuck closed: %v", missing, twice, disorder, closed)
	require.Zero(t, missing+twice+disorder)
	require.True(t, closed)
}

// tagger makes a real engine emit numbered events, by tagging and untagging an image.
type tagger struct {
	c     *client.Client
	times []time.Time
}

func newTagger(t *testing.T, e dockertest.Engine) *tagger {
	t.Helper()
	return &tagger{c: e.Client()}
}

// next tags the image e-<n>; the event's name contains the number.
func (g *tagger) next(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	require.NoError(t, g.c.ImageTag(ctx, dockertest.Image, fmt.Sprintf("wharf-bench:e-%d", len(g.times))))
	g.times = append(g.times, time.Now())
}

// pair tags and untags: two events, the first of them numbered. Untagging keeps the list of tags short, which the engine rewrites
// for each change.
func (g *tagger) pair(t *testing.T) {
	t.Helper()
	g.next(t)
	_, err := g.c.ImageRemove(context.Background(), fmt.Sprintf("wharf-bench:e-%d", len(g.times)-1), image.RemoveOptions{})
	require.NoError(t, err)
}

func (g *tagger) clean(t *testing.T, from int) {
	t.Helper()
	for n := from; n < len(g.times); n++ {
		_, _ = g.c.ImageRemove(context.Background(), fmt.Sprintf("wharf-bench:e-%d", n), image.RemoveOptions{})
	}
}

// tagged returns the number of a tag event.
func tagged(typ, action string, attrs map[string]string) string {
	if typ != "image" || action != "tag" {
		return ""
	}
	return strings.TrimPrefix(attrs["name"], "wharf-bench:")
}

func TestCutsOfARealEnginesStreamLoseNothing(t *testing.T) {
	benchkit.Parallel(t)
	engine := dockertest.Engines(t)[0]
	proxy := dockertest.NewProxy(t, "unix", strings.TrimPrefix(engine.Addr, "unix://"))
	w := wharf(t, "h=tcp://"+proxy.Addr(), "LOG_LEVEL=debug")
	w.awaitHost("h")
	n, cuts := benchkit.Size(150, 3000), benchkit.Size(15, 150)
	y, untagged := newTally(), atomic.Int64{}
	f := follow(w.URL()+"/events", func(g benchkit.Frame) {
		if g.Data.Action == "untag" {
			untagged.Add(1)
		}
		g.Data.ActorID = tagged(g.Data.Type, g.Data.Action, g.Data.Attrs)
		y.receive(g)
	})
	defer f.Stop()
	await(t, "client connects", time.Minute, func() bool { return f.Connected() > 0 })
	plain := plainDockerEvents(t, proxy.Addr())
	tags := newTagger(t, engine)
	for i := range n {
		tags.pair(t)
		if i%(n/cuts) == n/cuts/2 {
			proxy.Cut()
		}
	}
	awaitAll(t, []*tally{y}, n)
	missing, unmarked, twice, disorder := y.verdict(n, func(i int) time.Time { return tags.times[i] })
	if len(y.gaps) == 0 {
		await(t, "every untag", time.Minute, func() bool { return untagged.Load() == int64(n) })
	}
	benchkit.Figure(fmt.Sprintf("real dockerd, %d events, %d cuts", 2*n, cuts), "0 / 0",
		"lost %d (outside a marked gap %d), twice %d, out of order %d, gaps marked %d; a plain `docker events` client that reconnects at once lost %d",
		missing+n-int(untagged.Load()), unmarked, twice, disorder, len(y.gaps), 2*n-int(plain.Load()))
	require.Zero(t, unmarked+twice+disorder)
	requireNoneMissing(t, missing)
}

// plainDockerEvents counts the events that Docker's own client gets if it reconnects at once, without since.
func plainDockerEvents(t *testing.T, addr string) *atomic.Int64 {
	t.Helper()
	c, err := client.NewClientWithOpts(client.WithHost("tcp://"+addr), client.WithAPIVersionNegotiation())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var count atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			messages, errs := c.Events(ctx, events.ListOptions{})
			for open := true; open; {
				select {
				case m := <-messages:
					if m.Type == events.ImageEventType && (m.Action == events.ActionTag || m.Action == events.ActionUnTag) {
						count.Add(1)
					}
				case <-errs:
					open = false
				}
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done; _ = c.Close() })
	return &count
}

func TestRestartedEnginesAreToldHonestly(t *testing.T) {
	benchkit.Parallel(t)
	engine := dockertest.NewOwnEngine(t)
	w := wharf(t, "h="+engine.Addr)
	w.awaitHost("h")
	var y tally
	y.seen = map[int]int{}
	inferred, all := make(chan benchkit.Frame, 100), make(chan benchkit.Frame, 10_000)
	f := follow(w.URL()+"/events", func(g benchkit.Frame) {
		y.receive(g)
		all <- g
		if g.Data.Attrs["wharf.inferred"] != "" {
			inferred <- g
		}
	})
	defer f.Stop()
	await(t, "client connects", time.Minute, func() bool { return f.Connected() > 0 })
	id := engine.Run(t, dockertest.Spec{Name: "victim", Cmd: []string{"sleep"}})
	awaitGot(t, all, id, "start")
	engine.StopEngine(t)
	if benchkit.Full {
		awaitGot(t, all, id, "die")
		awaitGot(t, all, id, "stop")
	}
	engine.StartEngine(t)
	if !benchkit.Full { // on a busy machine an engine may end before it has sent them: then the end is inferred
		awaitGot(t, all, id, "die")
	}
	gaps := func() int { y.mu.Lock(); defer y.mu.Unlock(); return len(y.gaps) }
	began := time.Now()
	await(t, "gap after SIGTERM", time.Minute, func() bool { return gaps() == 1 })
	benchkit.Figure("dockerd restarted (SIGTERM)", "0 lost", "0 lost (kill, die, stop came before the end); gap marked %s after its return", time.Since(began).Round(time.Millisecond))
	engine.Start(t, id)
	awaitGot(t, all, id, "start")
	for len(inferred) > 0 {
		<-inferred
	}
	pid := engine.Inspect(t, id).State.Pid
	engine.KillEngine(t)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL)) // no daemon notices its end
	engine.StartEngine(t)
	began = time.Now()
	await(t, "gap after SIGKILL", time.Minute, func() bool { return gaps() == 2 })
	gap := time.Since(began)
	select {
	case g := <-inferred:
		require.Equal(t, "die", g.Data.Action)
		require.Equal(t, id, g.Data.ActorID)
	case <-time.After(time.Minute):
		require.Fail(t, "nothing was inferred")
	}
	benchkit.Figure("dockerd killed (SIGKILL)", "gap marked ≤ 2 s after its return, state inferred", "gap marked after %s, die inferred after %s",
		gap.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	benchkit.Within(t, gap < 2500*time.Millisecond, "the gap is marked soon")
}

func awaitGot(t *testing.T, all <-chan benchkit.Frame, id, action string) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		select {
		case g := <-all:
			if g.Data.ActorID == id && g.Data.Action == action {
				return
			}
		case <-limit:
			require.Fail(t, "no "+action)
		}
	}
}

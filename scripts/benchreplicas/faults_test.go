package benchreplicas

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
	"wharf/scripts/nginxtest"
)

// source numbers the events of each engine and records when each was reported.
type source struct {
	f *fleet

	mu    sync.Mutex
	times map[string][]time.Time // by host and number
	stop  chan struct{}
	ended sync.WaitGroup
}

// flow makes each engine report an event at an interval, until the source ends.
func flow(f *fleet, every time.Duration) *source {
	s := &source{f: f, times: map[string][]time.Time{}, stop: make(chan struct{})}
	for n, d := range f.daemons {
		s.ended.Go(func() {
			tick := time.NewTicker(every)
			defer tick.Stop()
			for {
				select {
				case <-s.stop:
					return
				case <-tick.C:
					s.emit(fmt.Sprintf("h%04d", n), d)
				}
			}
		})
	}
	return s
}

func (s *source) emit(host string, d *dockertest.Daemon) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := d.Emit(dockertest.NewMessage("container", "exec_die", "x", map[string]string{"n": fmt.Sprint(len(s.times[host]))}))
	s.times[host] = append(s.times[host], time.Unix(0, m.TimeNano))
}

func (s *source) end() {
	close(s.stop)
	s.ended.Wait()
}

// tally is what one client has received.
type tally struct {
	mu    sync.Mutex
	seen  map[string]map[int]sight // each number that came, by host
	next  map[string]int           // the number after the highest so far
	gaps  []benchkit.Frame
	again int // numbers that came again after they had come without an id, as docs/events.md allows
	last  int64
	falls []string // numbers of a host that didn't rise
	ids   int      // ids that didn't rise
}

// sight is how often and how a number came.
type sight struct {
	times int  // not counting repeats after a frame without an id
	named bool // the last time it had an id: it must not come again
}

func newTally() *tally { return &tally{seen: map[string]map[int]sight{}, next: map[string]int{}} }

func (y *tally) receive(g benchkit.Frame) {
	y.mu.Lock()
	defer y.mu.Unlock()
	var id int64
	if _, err := fmt.Sscan(g.ID, &id); err == nil {
		if id < y.last || id == y.last && g.Name != "" { // a heartbeat may repeat one
			y.ids++
		}
		y.last = id
	}
	if g.Name == "stream-gap" {
		y.gaps = append(y.gaps, g)
	}
	var n int
	if _, err := fmt.Sscan(g.Data.Attrs["n"], &n); err != nil {
		return
	}
	host := g.Data.Host
	if y.seen[host] == nil {
		y.seen[host] = map[int]sight{}
	}
	was := y.seen[host][n]
	if was.times > 0 && !was.named { // the client had no id for it when it reconnected
		y.again++
		y.seen[host][n] = sight{was.times, g.ID != ""}
		return
	}
	y.seen[host][n] = sight{was.times + 1, g.ID != ""}
	if n < y.next[host] {
		y.falls = append(y.falls, fmt.Sprintf("%s %s: id %q, number %d after %d", g.At.Format("15:04:05.000"), host, g.ID, n, y.next[host]-1))
	}
	y.next[host] = max(y.next[host], n+1)
}

// verdict counts the missing events, those of them that no gap covers, those that came twice, and those out of order.
func (y *tally) verdict(s *source) (missing, unmarked, twice, disorder int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for host, times := range s.times {
		for n, at := range times {
			switch c := y.seen[host][n].times; {
			case c > 1:
				twice++
			case c == 0:
				missing++
				if !y.covers(host, at) {
					unmarked++
				}
			}
		}
	}
	return missing, unmarked, twice, len(y.falls) + y.ids
}

func (y *tally) covers(host string, at time.Time) bool {
	for _, g := range y.gaps {
		if (g.Data.Host == host || g.Data.Host == "") && !at.Before(g.Data.From) && !at.After(g.Data.To) {
			return true
		}
	}
	return false
}

// complete reports whether everything arrived that no gap covers.
func (y *tally) complete(s *source) bool {
	_, unmarked, _, _ := y.verdict(s)
	return unmarked == 0
}

// unread measures the longest time that an engine has no reader, until stop is called.
func (f *fleet) unread() (stop func() time.Duration) {
	end, result := make(chan struct{}), make(chan time.Duration, 1)
	go func() {
		since := make([]time.Time, len(f.daemons))
		longest := time.Duration(0)
		for {
			now := time.Now()
			for n, d := range f.daemons {
				switch {
				case d.Streams() > 0:
					since[n] = time.Time{}
				case since[n].IsZero():
					since[n] = now
				default:
					longest = max(longest, now.Sub(since[n]))
				}
			}
			select {
			case <-end:
				result <- longest
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return func() time.Duration { close(end); return <-result }
}

// faults are the faults of a replica. Each returns once the fault is over and the replica is back.
var faults = []struct {
	name string
	do   func(f *fleet, r *replica)
}{
	{"killed", func(f *fleet, r *replica) {
		r.Kill()
		rest(5 * time.Second)
		r.Start()
		r.awaitReady(f.t)
	}},
	{"frozen", func(f *fleet, r *replica) {
		require.NoError(f.t, syscall.Kill(r.PID(), syscall.SIGSTOP))
		rest(time.Duration(benchkit.Size(5, 20)) * time.Second)
		require.NoError(f.t, syscall.Kill(r.PID(), syscall.SIGCONT))
	}},
	{"cut from Postgres", func(_ *fleet, r *replica) {
		r.database.Refuse(true)
		r.database.Cut()
		rest(5 * time.Second)
		r.database.Refuse(false)
	}},
	{"cut from its hosts", func(_ *fleet, r *replica) {
		for _, p := range r.hosts {
			p.Refuse(true)
			p.Cut()
		}
		rest(4 * time.Second)
		for _, p := range r.hosts {
			p.Refuse(false)
		}
	}},
	{"stopped", func(f *fleet, r *replica) {
		r.End(os.Interrupt)
		rest(time.Second)
		r.Start()
		r.awaitReady(f.t)
	}},
	{"joined by another", func(f *fleet, _ *replica) {
		more := f.start()
		rest(2 * time.Second)
		more.End(os.Interrupt)
	}},
}

// No fault of a replica loses an event, delivers one twice, or lets two replicas append in one epoch.
func TestFaults(t *testing.T) {
	benchkit.Parallel(t)
	f := newFleet(t, 6, 0, 1)
	f.cuttable = true
	dbtest.Exec(t, f.source, // the database records which replica appends, and under which lease
		"ALTER TABLE events ADD COLUMN writer text DEFAULT current_setting('application_name')",
		"ALTER TABLE events ADD COLUMN epoch bigint",
		`CREATE FUNCTION note_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN NEW.epoch := (SELECT epoch FROM host_leases WHERE host = NEW.host); RETURN NEW; END $$`,
		"CREATE TRIGGER note_epoch BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION note_epoch()")
	for range 3 {
		f.start()
	}
	f.awaitReaders(time.Minute)
	nginx := nginxtest.Start(t, f.replicas[0].Addr, f.replicas[1].Addr, f.replicas[2].Addr)
	clients := make([]*tally, benchkit.Size(6, 20))
	for i := range clients {
		clients[i] = newTally()
		c := follow(nginx.URL+"/events", nginx.Roots, clients[i].receive)
		t.Cleanup(c.Stop)
		await(t, "connected", time.Minute, func() bool { return c.Connected() > 0 })
	}
	events := flow(f, 100*time.Millisecond)
	await(t, "every client has an id to come back with", time.Minute, func() bool {
		for _, y := range clients {
			if y.mu.Lock(); y.last == 0 {
				y.mu.Unlock()
				return false
			}
			y.mu.Unlock()
		}
		return true
	})
	unread := map[string]time.Duration{}
	rounds := benchkit.Size(len(faults), faultRounds())
	for n := range rounds {
		fault := faults[n%len(faults)]
		stop := f.unread()
		fault.do(f, f.replicas[rand.IntN(3)])
		f.awaitReaders(time.Minute)
		took := stop()
		unread[fault.name] = max(unread[fault.name], took)
		t.Logf("%s round %d, %s: at most %v without a reader", time.Now().Format("15:04:05"), n+1, fault.name, took)
	}
	rest(time.Second)
	events.end()
	var missing, unmarked, twice, disorder, again int
	for _, y := range clients {
		_ = waitFor(time.Minute, func() bool { return y.complete(events) })
		m, u, w, o := y.verdict(events)
		if o > 0 {
			t.Logf("a client saw %d numbers and %d ids that didn't rise: %v", len(y.falls), y.ids, y.falls[:min(len(y.falls), 10)])
		}
		missing, unmarked, twice, disorder, again = missing+m, unmarked+u, twice+w, disorder+o, again+y.again
	}
	if disorder > 0 {
		t.Logf("in the log itself: %s", dbtest.Text(t, f.source, fallsInLog))
	}
	shared := f.number("SELECT count(*) FROM (SELECT host, epoch FROM events GROUP BY host, epoch HAVING count(DISTINCT writer) > 1) AS shared")
	benchkit.Figure(fmt.Sprintf("%d rounds of faults, %d clients through nginx", rounds, len(clients)), "0 lost outside gaps, 0 twice, in order",
		"%d lost, %d outside gaps, %d twice, %d out of order", missing, unmarked, twice, disorder)
	benchkit.Figure("… of those that had come without an id, while the database was away", "–", "%d came again", again)
	benchkit.Figure("epochs of a lease with two writers", "0", "%d of %d", shared, f.number("SELECT count(*) FROM (SELECT DISTINCT host, epoch FROM events) AS epochs"))
	for _, fault := range faults {
		benchkit.Figure("a host without a reader, at most: "+fault.name, map[string]string{"killed": "≤ 5 s", "stopped": "≤ 0.5 s"}[fault.name], "%.2f s", unread[fault.name].Seconds())
	}
	require.Zero(t, unmarked+twice+disorder)
	require.Zero(t, shared)
	benchkit.Within(t, unread["killed"] <= 5*time.Second && unread["stopped"] <= 500*time.Millisecond, "a reader again in time")
}

// fallsInLog finds the events that are in the log after events of the same host with higher numbers.
const fallsInLog = `
	SELECT coalesce(string_agg(host || ' ' || id || ' n=' || n || ' after ' || most || ' ' || writer || ' epoch ' || epoch || ' at ' || logged_at, E'\n' ORDER BY id), 'none')
	FROM (SELECT *, max(n) OVER (PARTITION BY host ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS most
		FROM (SELECT id, host, writer, epoch, logged_at, CAST(CAST(attrs AS json)->>'n' AS integer) AS n FROM events WHERE attrs LIKE '%"n"%') AS numbered) AS ordered
	WHERE n < most`

// faultRounds returns the number of rounds of the benchmark: ROUNDS, or 60.
func faultRounds() int {
	n := 60
	_, _ = fmt.Sscan(os.Getenv("ROUNDS"), &n)
	return n
}

func waitFor(limit time.Duration, f func() bool) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); rest(20 * time.Millisecond) {
		if f() {
			return true
		}
	}
	return f()
}

package benchevents

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// sweep is a wharf that is killed again and again, a little later each time, and three clients that reconnect with their last ids.
type sweep struct {
	t    *testing.T
	d    *source
	w    *server
	all  []*tally
	come []*benchkit.Follower
	// The number of kills after which none, some or all of the clients had the event.
	none, some, every int
}

func newSweep(t *testing.T) *sweep {
	d := &source{Daemon: dockertest.NewDaemon(t)}
	w := wharf(t, "h="+d.Addr())
	w.awaitHost("h")
	all, come := followers(t, "http://"+w.Addr+"/events?last_event_id=0", 3) // otherwise the first kill leaves them without an id
	return &sweep{t: t, d: d, w: w, all: all, come: come}
}

func (s *sweep) emit(n int) {
	for range n {
		s.d.emit()
	}
}

// after waits in a loop, which is more exact than a sleep.
func after(d time.Duration) {
	for began := time.Now(); time.Since(began) < d; {
	}
}

// killed kills wharf and records how many clients have the last event.
func (s *sweep) killed() {
	s.w.Kill()
	time.Sleep(5 * time.Millisecond) // let the clients read what is in their sockets
	have := 0
	for _, y := range s.all {
		if y.has(len(s.d.times) - 1) {
			have++
		}
	}
	switch have {
	case 0:
		s.none++
	case len(s.all):
		s.every++
	default:
		s.some++
	}
}

// killedOnceSeen kills wharf as soon as a client has the last event.
func (s *sweep) killedOnceSeen() {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); !s.all[0].has(len(s.d.times) - 1); after(10 * time.Microsecond) {
		require.True(s.t, time.Now().Before(end), "no client gets the event")
	}
	s.killed()
	s.restart()
}

// awaitAll waits until every client has every event, so that nothing is pending when the next one is emitted.
func (s *sweep) awaitAll() {
	s.t.Helper()
	await(s.t, "every event", time.Minute, func() bool {
		return !slices.ContainsFunc(s.all, func(y *tally) bool { return y.len() < len(s.d.times) })
	})
}

// restart starts wharf again and waits for the reader of events and the clients.
func (s *sweep) restart() {
	s.t.Helper()
	opens, connects := s.d.Opens(), make([]int, len(s.come))
	for i, f := range s.come {
		connects[i] = f.Connected()
	}
	s.w.Start()
	await(s.t, "events are read again", time.Minute, func() bool { return s.d.Opens() > opens })
	for i, f := range s.come {
		await(s.t, "client comes back", time.Minute, func() bool { return f.Connected() > connects[i] })
	}
}

// finish checks that every client has each event once, with rising ids. A missing event must lie inside a marked gap. A kill must
// cause none, since the daemon's ring still has all events.
func (s *sweep) finish(what string) {
	s.t.Helper()
	n := len(s.d.times)
	awaitAll(s.t, s.all, n)
	missing, unmarked, twice, disorder := sum(s.all, n, s.d.at)
	benchkit.Figure(what, "lost 0, twice 0", "lost %d (outside a marked gap %d), twice %d, out of order %d; %d kills found the event with no client, %d with some, %d with all",
		missing, unmarked, twice, disorder, s.none, s.some, s.every)
	require.Zero(s.t, unmarked+twice+disorder)
	requireNoneMissing(s.t, missing)
	require.NotZero(s.t, s.none, "no kill came before anybody saw the event")
	require.NotZero(s.t, s.some+s.every, "no kill came after that")
}

// An event takes about a millisecond from the daemon's socket through wharf to the client's. Wharf is killed at each tenth of
// that time, until well after its end: every other time while all is quiet, otherwise while it is still catching up.
func TestKilledAtAnyStepOfAnEventsWay(t *testing.T) {
	benchkit.Parallel(t)
	s := newSweep(t)
	steps, step, rounds := benchkit.Size(8, 61), benchkit.Size(800, 100), benchkit.Size(1, 4)
	for round := range rounds {
		for k := range steps {
			if round%2 == 0 {
				s.awaitAll()
			}
			s.emit(1 + 4*(round/2)) // a single one or a short burst
			after(time.Duration(k*step) * time.Microsecond)
			s.killed()
			s.emit(k % 3) // while no client is connected
			s.restart()
		}
		s.emit(1)
		s.killedOnceSeen()
	}
	s.finish(fmt.Sprintf("wharf killed (SIGKILL) k × %.1f ms after an event, k = 0…%d, %d times over", float64(step)/1000, steps-1, rounds))
}

// A start runs migrations, reads the anchor and replays missed events; it is killed at any step as well.
func TestKilledAtAnyStepOfItsStart(t *testing.T) {
	benchkit.Parallel(t)
	s := newSweep(t)
	steps, step, rounds := benchkit.Size(8, 61), benchkit.Size(24, 3), benchkit.Size(1, 2)
	for range rounds {
		for k := range steps {
			s.emit(1)
			s.w.Kill()
			s.emit(3) // to be replayed
			s.w.Launch()
			after(time.Duration(k*step) * time.Millisecond)
			s.killed()
			s.emit(1)
			s.restart()
		}
		s.emit(1)
		s.killedOnceSeen()
	}
	s.finish(fmt.Sprintf("wharf killed (SIGKILL) k × %d ms after its start, k = 0…%d, %d times over", step, steps-1, rounds))
}

package benchevents

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
)

func TestMain(m *testing.M) {
	if addr := os.Getenv("PLAIN_HUB"); addr != "" {
		plainHub(addr)
		return
	}
	os.Exit(benchkit.Main(m, "BENCH_EVENTS"))
}

// server is a process that streams events: wharf, or the plain hub.
type server struct {
	*benchkit.Process
	t testing.TB
}

// wharf starts wharf in open mode on SQLite.
func wharf(t testing.TB, hosts string, settings ...string) *server {
	t.Helper()
	return &server{benchkit.Wharf(t, open(hosts, settings...)...), t}
}

// open returns the settings of a wharf that requires no token.
func open(hosts string, more ...string) []string {
	return append([]string{"AUTH_MODE=open", "ANON_ROLE=admin", "DOCKER_HOSTS=" + hosts}, more...)
}

// awaitHost waits until the events of a host are being read.
func (s *server) awaitHost(host string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		resp, err := http.Get(s.URL() + "/v1/events?type=host&host=" + host)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return strings.Contains(string(body), `"connected"`)
	}, time.Minute, 5*time.Millisecond)
}

func (s *server) fds() int {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.PID()))
	require.NoError(s.t, err)
	return len(entries)
}

// follow starts a client of an event stream.
func follow(url string, onFrame func(benchkit.Frame)) *benchkit.Follower {
	return benchkit.Follow(url, nil, 2*time.Millisecond, func(g benchkit.Frame) {
		if g.Text != "" {
			onFrame(g)
		}
	})
}

// tally checks a numbered sequence of events, as one client received it.
type tally struct {
	mu    sync.Mutex
	seen  map[int]int
	order []int
	gaps  []benchkit.Frame
	last  int64 // the latest id
	falls int   // how often an id was not higher than the one before
}

func newTally() *tally { return &tally{seen: make(map[int]int)} }

// receive is a follower's onFrame. An event's number is in its actor, "e-<n>".
func (y *tally) receive(g benchkit.Frame) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if id, err := strconv.ParseInt(g.ID, 10, 64); err == nil {
		if id <= y.last {
			y.falls++
		}
		y.last = id
	}
	if g.Name == "stream-gap" {
		y.gaps = append(y.gaps, g)
	}
	n, ok := number(g.Data.ActorID)
	if !ok {
		return
	}
	y.seen[n]++
	y.order = append(y.order, n)
}

func number(actor string) (int, bool) {
	rest, ok := strings.CutPrefix(actor, "e-")
	n, err := strconv.Atoi(rest)
	return n, ok && err == nil
}

func (y *tally) has(n int) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.seen[n] > 0
}

func (y *tally) len() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return len(y.seen)
}

// inOrder returns the numbers of the events in the order of receipt.
func (y *tally) inOrder() []int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return slices.Clone(y.order)
}

// verdict counts which of n events are missing, which of these no gap covers, which came twice, and which came out of order by
// number or by id.
func (y *tally) verdict(n int, at func(int) time.Time) (missing, unmarked, twice, disorder int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	disorder = y.falls
	for i := range n {
		switch c := y.seen[i]; {
		case c > 1:
			twice++
		case c == 0:
			missing++
			if !y.covers(at(i)) {
				unmarked++
			}
		}
	}
	for i := 1; i < len(y.order); i++ {
		if y.order[i] < y.order[i-1] {
			disorder++
		}
	}
	return missing, unmarked, twice, disorder
}

func (y *tally) covers(at time.Time) bool {
	for _, g := range y.gaps {
		if !at.Before(g.Data.From) && !at.After(g.Data.To) {
			return true
		}
	}
	return false
}

// await waits until f returns true, and fails after the limit.
func await(t testing.TB, what string, limit time.Duration, f func() bool) {
	t.Helper()
	require.Eventually(t, f, limit, 5*time.Millisecond, what)
}

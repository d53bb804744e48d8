package benchevents

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
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

// wharf starts the real thing in open mode on SQLite.
func wharf(t testing.TB, hosts string, settings ...string) *server {
	t.Helper()
	return &server{benchkit.Wharf(t, open(hosts, settings...)...), t}
}

// open are the settings of a wharf that asks for no token.
func open(hosts string, more ...string) []string {
	return append([]string{"AUTH_MODE=open", "ANON_ROLE=admin", "DOCKER_HOSTS=" + hosts}, more...)
}

// awaitHost waits until a host's events are being read.
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

// got is a frame as a client received it.
type got struct {
	id   string
	name string
	data struct {
		Host    string
		Type    string
		Action  string
		ActorID string `json:"actor_id"`
		From    time.Time
		To      time.Time
		Reason  string
		Attrs   map[string]string
	}
	at time.Time
}

// follower is a client that comes back with the id of what it saw last, whatever happens.
type follower struct {
	url    string
	onGot  func(got)
	cancel context.CancelFunc
	done   chan struct{}

	mu       sync.Mutex
	last     string
	connects int
}

func follow(url string, onGot func(got)) *follower {
	ctx, cancel := context.WithCancel(context.Background())
	f := &follower{url: url, onGot: onGot, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(f.done)
		for ctx.Err() == nil {
			_ = f.once(ctx)
			time.Sleep(2 * time.Millisecond)
		}
	}()
	return f
}

func (f *follower) stop() {
	f.cancel()
	<-f.done
}

func (f *follower) connected() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.connects
}

func (f *follower) once(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil)
	if err != nil {
		return err
	}
	if f.last != "" {
		r.Header.Set("Last-Event-ID", f.last)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	lines := bufio.NewReader(resp.Body)
	if _, err := lines.ReadString('\n'); err != nil {
		return err
	}
	f.mu.Lock()
	f.connects++
	f.mu.Unlock()
	return f.frames(lines)
}

// frames reads as the standard says: an id counts when its frame is complete.
func (f *follower) frames(lines *bufio.Reader) error {
	var g got
	var data string
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		switch name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); name {
		case "id":
			g.id = value
		case "event":
			g.name = value
		case "data":
			data = value
		case "":
			if g.id != "" {
				f.last = g.id
			}
			if data != "" {
				g.at = time.Now()
				_ = json.Unmarshal([]byte(data), &g.data)
				f.onGot(g)
			}
			g, data = got{}, ""
		}
	}
}

// tally checks a numbered sequence of events, as one client got it.
type tally struct {
	mu    sync.Mutex
	seen  map[int]int
	order []int
	gaps  []got
	count int
	last  int64 // the highest id so far
	falls int   // how often an id didn't rise
}

func newTally() *tally { return &tally{seen: make(map[int]int)} }

// take is a follower's onGot: events are numbered by their actor "e-<n>".
func (y *tally) take(g got) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if id, err := strconv.ParseInt(g.id, 10, 64); err == nil {
		if id <= y.last {
			y.falls++
		}
		y.last = id
	}
	if g.name == "stream-gap" {
		y.gaps = append(y.gaps, g)
	}
	n, ok := number(g.data.ActorID)
	if !ok {
		return
	}
	y.seen[n]++
	y.order = append(y.order, n)
	y.count++
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

// verdict counts what is missing of n events, of that what no gap covers, what came twice and
// what came out of order, by its number or by its id.
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
		if !at.Before(g.data.From) && !at.After(g.data.To) {
			return true
		}
	}
	return false
}

// await waits until all of f is true, or fails.
func await(t testing.TB, what string, limit time.Duration, f func() bool) {
	t.Helper()
	require.Eventually(t, f, limit, 5*time.Millisecond, what)
}

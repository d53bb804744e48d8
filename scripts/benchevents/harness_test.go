package benchevents

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// full tells whether this is the benchmark, not the test.
var full = os.Getenv("BENCH_EVENTS") != ""

// size picks a number by the kind of run.
func size(small, large int) int {
	if full {
		return large
	}
	return small
}

func TestMain(m *testing.M) {
	if addr := os.Getenv("PLAIN_HUB"); addr != "" {
		plainHub(addr)
		return
	}
	code := m.Run()
	printTable()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

var table struct {
	sync.Mutex
	rows [][3]string
}

// figure adds a line to the table, and in the benchmark prints it at once, which tells how far a
// run came that never got to its end.
func figure(what, must, got string, args ...any) {
	table.Lock()
	defer table.Unlock()
	row := [3]string{what, must, fmt.Sprintf(got, args...)}
	table.rows = append(table.rows, row)
	if full {
		fmt.Printf("%s: %s\n", row[0], row[2])
	}
}

func printTable() {
	if len(table.rows) == 0 {
		return
	}
	fmt.Printf("\n| what | must | seen |\n|---|---|---|\n")
	for _, r := range table.rows {
		fmt.Printf("| %s | %s | %s |\n", r[0], r[1], r[2])
	}
}

var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "wharf-bench-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "wharf")
	return path, build(path)
})

func build(path string, flags ...string) error {
	out, err := exec.Command("go", append(append([]string{"build"}, flags...), "-o", path, "wharf")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// server is a process that streams events: wharf, or the plain hub.
type server struct {
	t    testing.TB
	addr string
	dir  string
	env  []string
	path string
	cmd  *exec.Cmd
	logs *os.File
}

// wharf starts the real thing in open mode on SQLite, on a port of its own that it keeps.
func wharf(t testing.TB, hosts string, env ...string) *server {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	return serve(t, path, hosts, env...)
}

func serve(t testing.TB, path, hosts string, env ...string) *server {
	t.Helper()
	s := &server{t: t, dir: t.TempDir(), path: path}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.addr = l.Addr().String()
	require.NoError(t, l.Close())
	s.env = append([]string{
		"LISTEN_ADDR=" + s.addr, "AUTH_MODE=open", "DATA_DIR=" + s.dir, "DOCKER_HOSTS=" + hosts, "LOG_LEVEL=warn", "LOG_FORMAT=json",
		"HOME=" + s.dir, "PATH=" + os.Getenv("PATH"), "ANON_ROLE=admin",
	}, env...)
	s.start()
	t.Cleanup(func() { s.kill() })
	return s
}

func (s *server) start() {
	s.t.Helper()
	s.launch()
	require.Eventually(s.t, func() bool {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			return false
		}
		return c.Close() == nil
	}, 20*time.Second, 2*time.Millisecond, "wharf doesn't listen")
}

// launch starts the process and waits for nothing.
func (s *server) launch() {
	s.t.Helper()
	var err error
	s.logs, err = os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(s.t, err)
	s.cmd = exec.Command(s.path)
	s.cmd.Dir, s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = s.dir, s.env, s.logs, s.logs
	require.NoError(s.t, s.cmd.Start())
}

// kill ends the process as a crash does.
func (s *server) kill() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		_ = s.logs.Close()
		s.cmd = nil
	}
}

// awaitHost waits until a host's events are being read.
func (s *server) awaitHost(host string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		resp, err := http.Get("http://" + s.addr + "/v1/events?type=host&host=" + host)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return strings.Contains(string(body), `"connected"`)
	}, 20*time.Second, 5*time.Millisecond)
}

// schedCPU is the CPU time that the process used, in all threads.
func (s *server) schedCPU() time.Duration {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", s.cmd.Process.Pid))
	require.NoError(s.t, err)
	var sum time.Duration
	for _, task := range tasks {
		b, err := os.ReadFile(task)
		if err != nil {
			continue
		}
		n, _ := strconv.ParseInt(strings.Fields(string(b))[0], 10, 64)
		sum += time.Duration(n)
	}
	return sum
}

// rss is the process's resident memory in bytes.
func (s *server) rss() int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.cmd.Process.Pid))
	require.NoError(s.t, err)
	pages, _ := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

func (s *server) fds() int {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
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
	if g.name == "stream-gap" {
		y.gaps = append(y.gaps, g)
	}
	if id, err := strconv.ParseInt(g.id, 10, 64); err == nil {
		if id <= y.last {
			y.falls++
		}
		y.last = id
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
	disorder = y.falls
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

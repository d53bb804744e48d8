package benchhosts

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// full tells whether this is the benchmark, not the test.
var full = os.Getenv("BENCH_HOSTS") != ""

// size picks a number by the kind of run.
func size(small, large int) int {
	if full {
		return large
	}
	return small
}

// within requires a figure of the benchmark; a test on a busy machine only prints it.
func within(t *testing.T, ok bool, what string) {
	t.Helper()
	if full {
		require.True(t, ok, what)
	}
}

var (
	buildDir  string
	buildOnce = sync.OnceValues(func() (string, error) {
		path := filepath.Join(buildDir, "wharf")
		out, err := exec.Command("go", "build", "-o", path, "wharf").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("build wharf: %w\n%s", err, out)
		}
		return path, nil
	})
)

func TestMain(m *testing.M) {
	var err error
	if buildDir, err = os.MkdirTemp("", "benchhosts"); err != nil {
		panic(err)
	}
	code := m.Run()
	if len(rows) > 0 {
		fmt.Printf("\n| what | must | seen |\n|---|---|---|\n")
	}
	for _, row := range rows {
		fmt.Printf("| %s | %s | %s |\n", row[0], row[1], row[2])
	}
	_ = os.RemoveAll(buildDir)
	os.Exit(code)
}

var rows [][3]string

// figure adds a line to the table, and in the benchmark prints it at once, which tells how far a
// run came that never got to its end. Tests here run one after the other.
func figure(what, must, got string, args ...any) {
	row := [3]string{what, must, fmt.Sprintf(got, args...)}
	rows = append(rows, row)
	if full {
		fmt.Printf("%s: %s\n", row[0], row[2])
	}
}

// server is a wharf process, in open mode.
type server struct {
	url     string
	pid     int
	started time.Time     // when the process began
	ready   time.Duration // from then until it listened
}

// wharf starts the program with hosts in DOCKER_HOSTS' notation.
func wharf(t *testing.T, hosts, certs string) *server {
	t.Helper()
	path, err := buildOnce()
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	dir := t.TempDir()
	cmd := exec.Command(path)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LISTEN_ADDR="+addr, "DATA_DIR="+dir, "AUTH_MODE=open", "LOG_LEVEL=error",
		"DOCKER_HOSTS="+hosts, "DOCKER_CERT_PATH="+certs, "STATS_SOURCE=engine")
	cmd.Stderr = os.Stderr
	s := &server{url: "http://" + addr, started: time.Now()}
	require.NoError(t, cmd.Start())
	s.pid = cmd.Process.Pid
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, 20*time.Second, 5*time.Millisecond)
	s.ready = time.Since(s.started)
	return s
}

// get returns the status, the body and how long they took.
func (s *server) get(t *testing.T, path string) (int, []byte, time.Duration) {
	t.Helper()
	began := time.Now()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.url+path, http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, body, time.Since(began)
}

// resident returns a number of the process's memory in bytes: VmRSS now, VmHWM at most so far.
func (s *server) resident(t *testing.T, field string) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(b), field+":")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(t, err)
	return n << 10
}

// cpu returns the process's CPU time so far. The kernel counts in hundredths of a second.
func (s *server) cpu(t *testing.T) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	user, err := strconv.Atoi(fields[11])
	require.NoError(t, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(t, err)
	return time.Duration(user+system) * 10 * time.Millisecond
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

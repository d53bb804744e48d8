package benchhosts

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
)

func TestMain(m *testing.M) { os.Exit(benchkit.Main(m, "BENCH_HOSTS")) }

// server is a wharf process, in open mode.
type server struct{ *benchkit.Process }

// wharf starts the program with hosts in DOCKER_HOSTS' notation.
func wharf(t *testing.T, hosts string) *server {
	t.Helper()
	return &server{benchkit.Wharf(t, "AUTH_MODE=open", "DOCKER_HOSTS="+hosts, "STATS_SOURCE=engine")}
}

// get returns the status, the body and how long they took.
func (s *server) get(t *testing.T, path string) (int, []byte, time.Duration) {
	t.Helper()
	began := time.Now()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.URL()+path, http.NoBody)
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
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(b), field+":")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(t, err)
	return n << 10
}

// cpu returns the process's CPU time so far. The kernel counts in hundredths of a second.
func (s *server) cpu(t *testing.T) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.PID()))
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

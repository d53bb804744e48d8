package benchhosts

import (
	"context"
	"io"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
)

func TestMain(m *testing.M) { os.Exit(benchkit.Main(m, "BENCH_HOSTS")) }

// server is a wharf process in open mode.
type server struct{ *benchkit.Process }

// wharf starts a server with hosts in the notation of DOCKER_HOSTS.
func wharf(t *testing.T, hosts string) *server {
	t.Helper()
	return &server{benchkit.Wharf(t, "AUTH_MODE=open", "DOCKER_HOSTS="+hosts, "STATS_SOURCE=engine")}
}

// get returns the status, the body and how long the answer took.
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

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

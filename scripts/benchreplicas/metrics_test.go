package benchreplicas

import (
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
)

// A scrape of a thousand hosts takes little time and space.
func TestMetricsPage(t *testing.T) {
	benchkit.Parallel(t)
	f := newFleet(t, benchkit.Size(20, 1000), benchkit.Size(2, 100), benchkit.Size(2, 10))
	r := f.start()
	f.awaitReaders(3 * time.Minute)
	rest(time.Duration(benchkit.Size(1, 10)) * time.Second)
	var times []time.Duration
	size := 0
	for range 11 {
		began := time.Now()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.URL()+"/metrics", http.NoBody)
		require.NoError(t, err)
		req.Header.Set("Accept-Encoding", "identity")
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
		times, size = append(times, time.Since(began)), len(body)
	}
	slices.Sort(times)
	median := times[len(times)/2]
	benchkit.Figure("what /metrics costs at 1,000 hosts", "≤ 50 ms, ≤ 5 MiB", "%.0f ms (median of 11), %.1f MiB, with %d hosts",
		float64(median.Microseconds())/1000, float64(size)/(1<<20), len(f.daemons))
	benchkit.Within(t, median <= 50*time.Millisecond && size <= 5<<20, "a scrape")
}

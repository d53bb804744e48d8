package benchedge

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/scripts/benchkit"
)

func TestMain(m *testing.M) {
	benchkit.Header = [3]string{"attack", "before; what is asked", "now"}
	os.Exit(benchkit.Main(m, "BENCH_EDGE"))
}

const (
	mib = 1 << 20
	// residentLimit is the process's limit of resident memory in bytes during all attacks.
	residentLimit = 300 * mib
)

// eachEngine runs a part on a fresh, migrated database of each kind: one after the other, or at the same time in the small runs,
// which measure nothing.
func eachEngine(t *testing.T, part func(t *testing.T, name, source string)) {
	t.Helper()
	for _, engine := range []struct {
		name   string
		source func(testing.TB) string
	}{{"SQLite", dbtest.SQLiteSource}, {"Postgres", dbtest.PostgresSource}} {
		t.Run(engine.name, func(t *testing.T) {
			benchkit.Parallel(t)
			part(t, engine.name, engine.source(t))
		})
	}
}

// server is a wharf process with its first user, and a client of it.
type server struct {
	*benchkit.Server
	t testing.TB
}

// wharf starts a server with settings.
func wharf(t testing.TB, source string, settings ...string) *server {
	t.Helper()
	return adopt(t, benchkit.Wharf(t, append([]string{"DB_SOURCE=" + source}, settings...)...), &http.Transport{MaxIdleConnsPerHost: 200})
}

// adopt creates the first user of a process.
func adopt(t testing.TB, p *benchkit.Process, transport http.RoundTripper) *server {
	t.Helper()
	return &server{benchkit.Serve(t, p, transport).Bootstrap(), t}
}

// others lists the hosts every few milliseconds, as honest callers do, until done is closed, and returns how long each answer
// took.
func (s *server) others(done <-chan struct{}) (took []time.Duration, failed int) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				began := time.Now()
				a := s.Call("GET", "/hosts", s.Admin, nil)
				mu.Lock()
				took = append(took, time.Since(began))
				if a.Status != http.StatusOK {
					if failed++; failed == 1 {
						s.t.Logf("others, after %s: %d %s", time.Since(began), a.Status, a.Body)
					}
				}
				mu.Unlock()
				select {
				case <-done:
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
		})
	}
	all.Wait()
	return took, failed
}

// calm measures others without an attack.
func (s *server) calm(d time.Duration) time.Duration {
	done := make(chan struct{})
	time.AfterFunc(d, func() { close(done) })
	took, _ := s.others(done)
	return percentile(took, 99)
}

// beside measures others during an attack.
func (s *server) beside(attack func()) (p99 time.Duration, failed int) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		attack()
	}()
	took, failed := s.others(done)
	return percentile(took, 99), failed
}

func percentile(all []time.Duration, p int) time.Duration {
	slices.Sort(all)
	return all[min(len(all)*p/100, len(all)-1)]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// peak returns the maximum memory in MiB since the last reset.
func (s *server) peak() float64 { return float64(s.Resident("VmHWM")) / mib }

// certificate writes a certificate and its key for TLS.
func certificate(t testing.TB) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	out, err := exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
		"-days", "1", "-subj", "/CN=localhost", "-keyout", key, "-out", cert).CombinedOutput()
	require.NoError(t, err, string(out))
	return cert, key
}

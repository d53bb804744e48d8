package benchaccess

import (
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"wharf/db/dbtest"
	"wharf/scripts/benchkit"
)

func TestMain(m *testing.M) { os.Exit(benchkit.Main(m, "BENCH_ACCESS")) }

// engines returns the database setting of a fresh SQLite or Postgres.
var engines = map[string]func(testing.TB) string{
	"SQLite":   func(testing.TB) string { return "DB_SOURCE=" },
	"Postgres": func(t testing.TB) string { return "DB_SOURCE=" + dbtest.EmptyPostgresSource(t) },
}

// eachEngine runs a part on each database, one after the other.
func eachEngine(t *testing.T, part func(t *testing.T, name, setting string)) {
	t.Helper()
	for _, name := range []string{"SQLite", "Postgres"} {
		t.Run(name, func(t *testing.T) { part(t, name, engines[name](t)) })
	}
}

// wharf starts a server with settings and waits until it is ready.
func wharf(t testing.TB, settings ...string) *benchkit.Server {
	t.Helper()
	p := benchkit.Wharf(t, append([]string{"DOCKER_HOSTS=h=unix:///nowhere.sock"}, settings...)...)
	return benchkit.Serve(t, p, &http.Transport{MaxIdleConnsPerHost: 100})
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

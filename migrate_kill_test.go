package main_test

import (
	"net/http"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
)

// A process that is killed while it migrates leaves a database that the next start takes. WHARF_KILLS sets how many
// moments of the start are tried on each engine (default 12).
func TestAKillDuringMigrationsHurtsNoLaterStart(t *testing.T) {
	t.Parallel()
	kills := 12
	if n, err := strconv.Atoi(os.Getenv("WHARF_KILLS")); err == nil {
		kills = n
	}
	for engine, source := range map[string]func(*testing.T) string{
		"SQLite":   func(*testing.T) string { return "" },
		"Postgres": func(t *testing.T) string { return dbtest.EmptyPostgresSource(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			for n := range kills {
				dir, env := t.TempDir(), []string{"DB_SOURCE=" + source(t), "LISTEN_ADDR=127.0.0.1:0", "DOCKER_HOST=unix:///nowhere.sock"}
				cmd := command(t, dir, env, "migrate", "up")
				require.NoError(t, cmd.Start())
				killed := time.AfterFunc(time.Duration(n%60)*2*time.Millisecond+5*time.Millisecond, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
				_ = cmd.Wait()
				killed.Stop()
				_, stderr, err := wharf(t, dir, "", env, "migrate", "up")
				require.NoError(t, err, "after kill %d: %s", n, stderr)
				if n%6 == 0 {
					p := serve(t, dir, env[0])
					p.awaitReady()
					require.Equal(t, http.StatusOK, p.get("/healthz", ""))
					p.stop(syscall.SIGTERM)
				}
			}
		})
	}
}

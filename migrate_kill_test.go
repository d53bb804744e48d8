package main_test

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
)

// stepKiller reads a server's log and kills the server a given time after a step of its migrations has begun.
type stepKiller struct {
	cmd   *exec.Cmd
	step  int // counted from 1
	after time.Duration

	mu   sync.Mutex
	seen int
	log  bytes.Buffer
}

func (k *stepKiller) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	before := k.seen
	k.log.Write(p)
	k.seen = strings.Count(k.log.String(), "migration step begins")
	if before < k.step && k.seen >= k.step {
		time.AfterFunc(k.after, func() { _ = k.cmd.Process.Signal(syscall.SIGKILL) })
	}
	return len(p), nil
}

// A process that is killed during a migration leaves a database that the next start can use. WHARF_KILLS sets the number of
// kills on each engine (default 12).
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
			between := 0 // kills after which some steps were done and others not
			for n := range kills {
				dir, db := t.TempDir(), "DB_SOURCE="+source(t)
				env := []string{db, "LISTEN_ADDR=127.0.0.1:0", "DOCKER_HOST=unix:///nowhere.sock", "LOG_LEVEL=debug", "LOG_FORMAT=json", "DB_NEW=true"}
				cmd := command(t, dir, env, "serve")
				killer := &stepKiller{cmd: cmd, step: 1 + n%8, after: time.Duration(n/8%8) * 250 * time.Microsecond}
				cmd.Stderr = killer
				require.NoError(t, cmd.Start())
				_ = cmd.Wait()
				require.GreaterOrEqual(t, killer.seen, killer.step, "no such step: %s", &killer.log)
				stdout, stderr, err := wharf(t, dir, "", env[:3], "migrate", "version")
				require.NoError(t, err, "after kill %d: %s", n, stderr)
				require.NotContains(t, stdout, "dirty")
				if !strings.Contains(stdout, "version 0 ") && !latestVersion(stdout) {
					between++
				}
				_, stderr, err = wharf(t, dir, "", env[:3], "migrate", "up")
				require.NoError(t, err, "after kill %d: %s", n, stderr)
				if n%6 == 0 {
					p := serve(t, dir, db, "DB_NEW=true")
					p.awaitReady()
					require.Equal(t, http.StatusOK, p.healthz())
					p.stop(syscall.SIGTERM)
				}
			}
			t.Logf("%d of %d kills fell between the first step and the last", between, kills)
			require.Positive(t, between, "no kill fell into the migrations: this proves nothing")
		})
	}
}

// latestVersion reports whether `wharf migrate version` printed the latest schema version.
func latestVersion(line string) bool {
	_, rest, _ := strings.Cut(line, "version ")
	current, rest, _ := strings.Cut(rest, " ")
	_, rest, _ = strings.Cut(rest, "is ")
	latest, _, _ := strings.Cut(rest, ")")
	return current == latest
}

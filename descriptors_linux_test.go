package main_test

import (
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
)

// With 256 descriptors, and more clients than that, the database still has the files and connections that it needs.
func TestDatabaseWorksAtTheLimitOfDescriptors(t *testing.T) {
	t.Parallel()
	for engine, source := range map[string]func(*testing.T) string{
		"SQLite":   func(*testing.T) string { return "" },
		"Postgres": func(t *testing.T) string { return dbtest.PostgresSource(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			p := serveAs(t, t.TempDir(), func(cmd *exec.Cmd) *exec.Cmd {
				limited := exec.Command("/bin/sh", "-c", `ulimit -n 256; exec "$0" "$@"`, cmd.Path)
				limited.Args = append(limited.Args, cmd.Args[1:]...)
				limited.Dir, limited.Env = cmd.Dir, cmd.Env
				return limited
			}, "DB_SOURCE="+source(t))
			p.awaitReady()
			token := p.login()
			for range 300 { // the server takes some of them, the others wait in the kernel
				conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
				require.NoError(t, err)
				t.Cleanup(func() { _ = conn.Close() })
			}
			for n := range 100 { // on the connection that is open already
				status, body := p.call(http.MethodGet, "/v1/users", token, "")
				require.Equal(t, http.StatusOK, status, body)
				status, body = p.call(http.MethodPost, "/user", token, fmt.Sprintf(
					`{"username":"user%d","password":"123123","full_name":"u","email":"u%d@email.com","role":"viewer"}`, n, n))
				require.Equal(t, http.StatusOK, status, body)
			}
			require.NotContains(t, p.logs.String(), "too many open files")
			p.stop(syscall.SIGTERM)
		})
	}
}

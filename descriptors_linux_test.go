package main_test

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"

	"wharf/db/dbtest"
)

// With 256 descriptors and more clients than that, the database still gets the files and connections that it needs.
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
			for range 300 { // the server accepts some of them, the others wait in the kernel
				conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
				require.NoError(t, err)
				t.Cleanup(func() { _ = conn.Close() })
			}
			for n := range 100 { // on a connection that is open already
				_, err := p.as(token).ListUsers(t.Context(), dto.PageQuery{})
				require.NoError(t, err)
				name := fmt.Sprint("user", n)
				_, err = p.as(token).CreateUser(t.Context(), dto.NewUser{
					Username: name, Password: "123123", FullName: "u", Email: name + "@email.com", Role: "viewer",
				})
				require.NoError(t, err)
			}
			require.NotContains(t, p.logs.String(), "too many open files")
			p.stop(syscall.SIGTERM)
		})
	}
}

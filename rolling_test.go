package main_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/db/dbtest"
	"wharf/dockerx/dockertest"
)

// lastRelease is the commit of the last release. During an upgrade its replicas run beside those of this version.
const lastRelease = "35243dd107c353b8e717bca44e66664794922023" // 0.2.0

// releasedBinary builds the last release from the repository's history.
func releasedBinary(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var stderr bytes.Buffer
	archive := exec.CommandContext(t.Context(), "git", "archive", "--format=tar", lastRelease)
	archive.Stderr = &stderr
	source, err := archive.Output()
	require.NoError(t, err, "the test needs the history (git fetch --unshallow): %s", &stderr)
	unpack := exec.CommandContext(t.Context(), "tar", "-x", "-C", dir)
	unpack.Stdin = bytes.NewReader(source)
	out, err := unpack.CombinedOutput()
	require.NoError(t, err, "%s", out)
	path := filepath.Join(dir, "wharf-released")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".")
	build.Dir = dir
	out, err = build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// TestRollingUpgradeFromTheLastRelease starts the last release, then a replica of this version beside it, which migrates the
// schema, and uses both: a change through one is valid at the other, and each event is stored once. Then the old one stops.
func TestRollingUpgradeFromTheLastRelease(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the last release: left out by -short")
	}
	released := releasedBinary(t)
	d := dockertest.NewDaemon(t)
	id := d.Add(dockertest.Container{Name: "web"})
	env := []string{"DB_SOURCE=" + dbtest.EmptyPostgresSource(t), "TOKEN_KEYS=k:" + rand.Text() + rand.Text(), "DOCKER_HOSTS=fake=" + d.Addr(), "ALLOW_PLAIN_TCP=true"}
	older := func(cmd *exec.Cmd) *exec.Cmd {
		cmd.Path, cmd.Args[0] = released, released
		return cmd
	}
	old := serveAs(t, t.TempDir(), older, env...)
	old.awaitReady()
	token := old.login()
	require.Equal(t, http.StatusOK, old.listContainers("fake", token))

	fresh := serve(t, t.TempDir(), env...)
	fresh.awaitReady()
	second, err := fresh.logIn("gildong", "123123")
	require.NoError(t, err)
	third, err := old.logIn("gildong", "123123")
	require.NoError(t, err, "the old one works on the new schema")
	for _, p := range []*process{old, fresh} {
		for _, token := range []string{token, second.AccessToken, third.AccessToken} {
			require.Equal(t, http.StatusOK, p.listContainers("fake", token))
		}
	}
	// Operations through both replicas, and one record of each event.
	_, err = old.as(token).StopContainer(t.Context(), "fake", id, dto.StopQuery{})
	require.NoError(t, err, "%s", old.logs)
	_, err = fresh.as(token).StartContainer(t.Context(), "fake", id, dto.WaitQuery{})
	require.NoError(t, err)
	for n := range 20 {
		d.Emit(dockertest.NewMessage("container", "exec_die", id, map[string]string{"name": "web", "n": fmt.Sprint(n)}))
	}
	want := map[string]int{}
	for n := range 20 {
		want[fmt.Sprint(n)] = 1
	}
	for _, p := range []*process{old, fresh} {
		require.Eventually(t, func() bool { return reflect.DeepEqual(want, numbered(t, p, token)) }, patience, tick, "each event once, though the old replica reads the host too")
	}

	require.NoError(t, old.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, old.cmd.Wait())
	require.Equal(t, http.StatusOK, fresh.listContainers("fake", token))
	require.NoError(t, os.Remove(released))
}

// numbered returns how often each of the numbered events is in a replica's history.
func numbered(t *testing.T, p *process, token string) map[string]int {
	t.Helper()
	page, err := p.as(token).QueryEvents(t.Context(), dto.EventQuery{EventFilter: dto.EventFilter{Action: []string{"exec_die"}}, Limit: 100})
	require.NoError(t, err, "%s", p.logs)
	found := map[string]int{}
	for _, e := range page.Events {
		if n := e.Attrs["n"]; n != "" {
			found[n]++
		}
	}
	return found
}

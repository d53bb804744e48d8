package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

func TestPlainTCPIsRefusedUnlessAllowed(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	_, stderr, err := wharf(t, t.TempDir(), "", []string{"DOCKER_HOSTS=web=" + d.Addr()})
	require.Error(t, err)
	require.Contains(t, stderr, "DOCKER_HOSTS")
	require.Contains(t, stderr, "ALLOW_PLAIN_TCP")

	p := serve(t, t.TempDir(), "DOCKER_HOSTS=web="+d.Addr(), "ALLOW_PLAIN_TCP=true")
	p.awaitReady()
	require.Equal(t, http.StatusOK, p.listContainers("web", p.login()))
	require.Contains(t, p.logs.String(), "without TLS")
}

func TestHostsFileIsReadAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "hosts.yaml")
	a, b := dockertest.NewDaemon(t), dockertest.NewDaemon(t)
	write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
	write("hosts:\n  - {name: a, addr: '" + a.Addr() + "'}\n")
	p := serve(t, dir, "HOSTS_FILE="+file, "ALLOW_PLAIN_TCP=true")
	p.awaitReady()
	token := p.login()
	require.Equal(t, http.StatusOK, p.listContainers("a", token))

	write("hosts:\n  - {name: a, addr: '" + a.Addr() + "'}\n  - {name: b, addr: '" + b.Addr() + "'}\n")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	require.Eventually(t, func() bool { return p.listContainers("b", token) == http.StatusOK }, time.Minute, 10*time.Millisecond)

	write("hosts: [nonsense\n")
	require.Eventually(t, func() bool { return strings.Contains(p.logs.String(), "the hosts stay as they were") }, time.Minute, 10*time.Millisecond)
	require.Equal(t, http.StatusOK, p.listContainers("b", token))
}

func TestHostsCheckPrintsATable(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	out, stderr, err := wharf(t, t.TempDir(), "", []string{"ALLOW_PLAIN_TCP=true", "DOCKER_HOSTS=good=" + d.Addr() + ",bad=tcp://127.0.0.1:1"}, "hosts", "check")
	require.Error(t, err)
	require.Contains(t, stderr, "1 of 2 hosts")
	require.Regexp(t, `(?m)^good +tcp://\S+ +up `, out)
	require.Regexp(t, `(?m)^bad +tcp://127.0.0.1:1 +down: refused `, out)
}

package dockerx

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/connect"
	"wharf/dockerx/dockertest"
)

// overSSH returns a configuration that reaches a unix socket through an SSH server.
func overSSH(s *dockertest.SSHServer, socket string) HostConfig {
	return HostConfig{
		Name: "far", Addr: "ssh://" + s.User + "@" + s.Addr + socket,
		SSH: connect.SSHConfig{Identities: []string{s.Identity}, KnownHosts: []string{s.KnownHosts}},
	}
}

// socketOf serves a fake daemon also on a unix socket, and returns the socket's path.
func socketOf(t *testing.T, d *dockertest.Daemon) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "wharf") //nolint:usetesting // t.TempDir is too long for a socket
	require.NoError(t, err)
	path := filepath.Join(dir, "docker.sock")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(d)
	_ = server.Listener.Close()
	server.Listener = l
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		_ = os.RemoveAll(dir)
	})
	return path
}

func TestTwoHundredCallsShareOneSSHConnection(t *testing.T) {
	t.Parallel()
	d, s := dockertest.NewDaemon(t), dockertest.NewSSHServer(t)
	id := d.Add(dockertest.Container{})
	h := hostOf(t, overSSH(s, socketOf(t, d)))
	require.NotContains(t, h.Addr(), s.User)
	done := make(chan error, 200)
	for range 200 {
		go func() { _, err := h.Inspect(context.Background(), ref(t, id)); done <- err }()
	}
	for range 200 {
		require.NoError(t, <-done)
	}
	require.Equal(t, 1, s.Logins())
	require.LessOrEqual(t, s.Streams(), 100)
}

func TestSSHConnectionIsMadeAnewWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	d, s := dockertest.NewDaemon(t), dockertest.NewSSHServer(t)
	f := fleetOf(t, Options{}, overSSH(s, socketOf(t, d)))
	running(t, f)
	h := f.Hosts()[0]
	for range 3 {
		require.Eventually(t, func() bool { _, err := h.List(context.Background()); return err == nil && h.streamUp() }, time.Minute, 5*time.Millisecond)
		logins := s.Logins()
		s.Cut()
		cut := time.Now()
		require.Eventually(t, func() bool {
			_, err := h.List(context.Background())
			return err == nil && s.Logins() > logins
		}, time.Minute, 5*time.Millisecond)
		require.Less(t, time.Since(cut), 30*time.Second, "not TCP's minutes")
	}
}

func TestMuteSSHConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	d, s := dockertest.NewDaemon(t), dockertest.NewSSHServer(t)
	p := dockertest.NewProxy(t, "tcp", s.Addr)
	cfg := overSSH(s, socketOf(t, d))
	cfg.Addr = strings.Replace(cfg.Addr, s.Addr, p.Addr(), 1)
	trustAlso(t, s, p.Addr())
	h := hostOf(t, cfg)
	_, err := h.List(context.Background())
	require.NoError(t, err)
	p.Stall()
	_, err = h.List(context.Background())
	require.Equal(t, connect.FaultTimeout, connect.FaultOf(err))
	p.Resume()
	back := time.Now()
	require.Eventually(t, func() bool { _, err := h.List(context.Background()); return err == nil }, time.Minute, 10*time.Millisecond)
	require.Less(t, time.Since(back), 30*time.Second)
}

// trustAlso adds the server's key to the known hosts for another address.
func trustAlso(t *testing.T, s *dockertest.SSHServer, addr string) {
	t.Helper()
	b, err := os.ReadFile(s.KnownHosts)
	require.NoError(t, err)
	_, key, _ := strings.Cut(string(b), " ")
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.KnownHosts, append(b, "["+host+"]:"+port+" "+key...), 0o600))
}

func TestSSHFaultsAreNamed(t *testing.T) {
	t.Parallel()
	s, other := dockertest.NewSSHServer(t), dockertest.NewSSHServer(t)
	good := overSSH(s, "/nowhere/docker.sock")
	wrongKey, unknownHost, noKey, noServer, mute := good, good, good, good, good
	wrongKey.SSH = connect.SSHConfig{Identities: []string{other.Identity}, KnownHosts: good.SSH.KnownHosts}
	unknownHost.SSH = connect.SSHConfig{Identities: good.SSH.Identities, KnownHosts: []string{other.KnownHosts}}
	noKey.SSH = connect.SSHConfig{Identities: []string{"/nowhere/id"}, KnownHosts: good.SSH.KnownHosts}
	noServer.Addr = "ssh://x@" + closedPort(t)
	mute.Addr = "ssh://x@" + strings.TrimPrefix(dockertest.Silent(t), "tcp://")
	for name, c := range map[string]struct {
		cfg  HostConfig
		kind connect.FaultKind
	}{
		"no socket there": {good, connect.FaultRefused}, "wrong key": {wrongKey, connect.FaultAuth}, "unknown host key": {unknownHost, connect.FaultAuth},
		"no key file": {noKey, connect.FaultAuth}, "no server": {noServer, connect.FaultRefused}, "mute server": {mute, connect.FaultTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := hostOf(t, c.cfg).List(context.Background())
			require.Equal(t, c.kind, connect.FaultOf(err), "%v", err)
			require.NotContains(t, err.Error()[:50], "nowhere")
		})
	}
	require.Zero(t, other.Logins())
}

func TestSSHThroughAJump(t *testing.T) {
	t.Parallel()
	d, bastion, s := dockertest.NewDaemon(t), dockertest.NewSSHServer(t), dockertest.NewSSHServer(t)
	cfg := overSSH(s, socketOf(t, d))
	cfg.SSH.Jumps = []string{bastion.User + "@" + bastion.Addr}
	cfg.SSH.Identities = append(cfg.SSH.Identities, bastion.Identity)
	cfg.SSH.KnownHosts = append(cfg.SSH.KnownHosts, bastion.KnownHosts)
	h := hostOf(t, cfg)
	_, err := h.List(context.Background())
	require.NoError(t, err)
	require.Equal(t, 1, bastion.Logins())
	require.Equal(t, 1, s.Logins())
}

func TestDaemonOverSSHKeepsItsLimits(t *testing.T) {
	t.Parallel()
	d, s := dockertest.NewDaemon(t), dockertest.NewSSHServer(t)
	h := hostOf(t, overSSH(s, socketOf(t, d)))
	d.Handle("GET /containers/json", func(w http.ResponseWriter, r *http.Request) { d.Hang(w, r) })
	began := time.Now()
	_, err := h.List(context.Background())
	require.Equal(t, connect.FaultTimeout, connect.FaultOf(err))
	require.Less(t, time.Since(began), 3*readTimeout)
}

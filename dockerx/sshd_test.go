//go:build linux && engines

package dockerx

import (
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/containers"
	"wharf/dockerx/dockertest"
)

// sshd is an OpenSSH server in a separate network namespace, with an engine that is reached through it and a pair of links to
// it. scripts/test-engines.sh makes it.
type sshd struct {
	engine    dockertest.Engine
	link      string // the test's end of the pair of links
	namespace string
	here      string // the test's address
}

func theSSHD(t *testing.T) sshd {
	t.Helper()
	s := sshd{link: os.Getenv("WHARF_TEST_SSH_LINK"), namespace: os.Getenv("WHARF_TEST_SSH_NETNS"), here: os.Getenv("WHARF_TEST_SSH_HERE")}
	require.NotEmpty(t, s.link, "run `make test-engines`, which makes an SSH server")
	for _, e := range dockertest.Engines(t) {
		if strings.HasPrefix(e.Addr, "ssh://") {
			s.engine = e
		}
	}
	require.NotEmpty(t, s.engine.Addr, "WHARF_TEST_ENGINES names no engine over SSH")
	return s
}

func (s sshd) config() HostConfig { return HostConfig{Name: s.engine.Name, Addr: s.engine.Addr} }

// established returns the number of this machine's established connections to the server's port, according to the kernel.
func (s sshd) established(t *testing.T) int {
	t.Helper()
	u, err := url.Parse(s.engine.Addr)
	require.NoError(t, err)
	ip, port := net.ParseIP(u.Hostname()).To4(), u.Port()
	if port == "" {
		port = "22"
	}
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	remote := strings.ToUpper(strconv.FormatUint(1<<32|uint64(ip[3])<<24|uint64(ip[2])<<16|uint64(ip[1])<<8|uint64(ip[0]), 16)[1:] +
		":" + strconv.FormatUint(1<<16|uint64(n), 16)[1:]) //nolint:gosec // a port
	count := 0
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		rows, err := os.ReadFile(table)
		require.NoError(t, err)
		for row := range strings.Lines(string(rows)) {
			if f := strings.Fields(row); len(f) > 3 && strings.HasSuffix(f[2], remote) && f[3] == "01" {
				count++
			}
		}
	}
	return count
}

func TestTwoHundredCallsShareOneConnectionToAnOpenSSHServer(t *testing.T) {
	s := theSSHD(t)
	id := s.engine.Run(t, dockertest.Spec{Created: true})
	require.Zero(t, s.established(t))
	h := hostOf(t, s.config())
	done := make(chan error, 200)
	for range 200 {
		go func() { _, err := h.Inspect(context.Background(), ref(t, id)); done <- err }()
	}
	most := 0
	for range 200 {
		require.NoError(t, <-done)
		most = max(most, s.established(t))
	}
	t.Logf("established connections during 200 calls: %d at most, %d afterwards", most, s.established(t))
	require.Equal(t, 1, most)
	require.Equal(t, 1, s.established(t))
}

func TestCutLinkToAnOpenSSHServerIsUsedAgainWithinTwoSeconds(t *testing.T) {
	s := theSSHD(t)
	r := ref(t, s.engine.Run(t, dockertest.Spec{Created: true}))
	ip := func(args ...string) {
		out, err := exec.CommandContext(context.Background(), "ip", args...).CombinedOutput()
		require.NoError(t, err, "ip %v: %s", args, out)
	}
	cuts := map[string]struct{ cut, restore func() }{
		"link down": {func() { ip("link", "set", s.link, "down") }, func() { ip("link", "set", s.link, "up") }},
		"no answers": {
			func() { ip("-n", s.namespace, "route", "add", "blackhole", s.here+"/32") },
			func() { ip("-n", s.namespace, "route", "del", "blackhole", s.here+"/32") },
		},
	}
	for name, c := range cuts {
		for _, length := range []time.Duration{500 * time.Millisecond, 2 * time.Second, 4 * time.Second, 15 * time.Second} {
			t.Run(name+" for "+length.String(), func(t *testing.T) {
				f := fleetOf(t, Options{}, s.config())
				running(t, f)
				h := f.Hosts()[0]
				require.Eventually(t, func() bool { return answers(context.Background(), h, r) && h.streamUp() }, time.Minute, 10*time.Millisecond)
				c.cut()
				cut := true
				t.Cleanup(func() {
					if cut {
						c.restore()
					}
				})
				failDuring(t, h, r, length)
				c.restore()
				cut = false
				back := time.Now()
				require.Eventually(t, func() bool { return answers(context.Background(), h, r) }, time.Minute, 5*time.Millisecond)
				took := time.Since(back)
				t.Logf("answered %v after the link was back, %d connections", took.Round(time.Millisecond), s.established(t))
				require.Less(t, took, 2*time.Second)
			})
		}
	}
}

// answers reports whether an inspect, which is never cached, was answered within half a second.
func answers(ctx context.Context, h *Host, r containers.Ref) bool {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	_, err := h.Inspect(ctx, r)
	return err == nil
}

// failDuring makes calls for the time length, and fails the test if one succeeds in the second half.
func failDuring(t *testing.T, h *Host, r containers.Ref, length time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	for began := time.Now(); ctx.Err() == nil; {
		if answers(ctx, h, r) {
			require.Less(t, time.Since(began), length/2, "the link is cut")
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

package dockerx

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

func TestApplyLeavesUntouchedHostsAlone(t *testing.T) {
	t.Parallel()
	a, b, c := dockertest.NewDaemon(t), dockertest.NewDaemon(t), dockertest.NewDaemon(t)
	cfg := func(name string, d *dockertest.Daemon) HostConfig {
		return HostConfig{Name: name, Addr: d.Addr(), Labels: map[string]string{"x": "y"}}
	}
	f := fleetOf(t, Options{}, cfg("a", a), cfg("b", b))
	running(t, f)
	up := func(name string) func() bool {
		return func() bool { h, ok := f.Host(name); return ok && h.streamUp() }
	}
	require.Eventually(t, up("a"), 5*time.Second, time.Millisecond)
	require.Eventually(t, up("b"), 5*time.Second, time.Millisecond)
	kept, _ := f.Host("a")
	opens := a.Opens()

	require.NoError(t, f.Apply([]HostConfig{cfg("c", c), cfg("a", a), cfg("b", c)}))
	require.Equal(t, "c a b", names(f))
	again, _ := f.Host("a")
	require.Same(t, kept, again)
	require.True(t, again.streamUp())
	require.Equal(t, opens, a.Opens(), "its stream went on")
	require.Eventually(t, func() bool { return b.Streams() == 0 && c.Streams() == 2 }, 5*time.Second, time.Millisecond)

	relabelled := cfg("a", a)
	relabelled.Labels = map[string]string{"x": "z"}
	require.NoError(t, f.Apply([]HostConfig{cfg("c", c), relabelled, cfg("b", c)}))
	again, _ = f.Host("a")
	require.Same(t, kept, again)
	require.Equal(t, map[string]string{"x": "z"}, again.Labels(), "labels change without a reconnect")
	require.Equal(t, opens, a.Opens())

	require.Error(t, f.Apply([]HostConfig{cfg("new", b), {Name: "bad", Addr: "nonsense"}}))
	require.Equal(t, "c a b", names(f), "a bad one changes nothing")
	require.Equal(t, opens, a.Opens())
}

func names(f *Fleet) string {
	var all []string
	for _, h := range f.Hosts() {
		all = append(all, h.Name())
	}
	return strings.Join(all, " ")
}

// lockedBuffer is a log that a test may read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func TestBadHostsFileKeepsTheOldHostsAndSaysWhy(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	path := filepath.Join(t.TempDir(), "hosts.yaml")
	write := func(s string) { require.NoError(t, os.WriteFile(path, []byte(s), 0o600)) }
	write("hosts: [{name: a, addr: \"" + d.Addr() + "\"}]")
	var log lockedBuffer
	f := fleetOf(t, Options{Logger: zerolog.New(&log)}, HostConfig{Name: "a", Addr: d.Addr()})
	running(t, f)
	ctx, cancel := context.WithCancel(context.Background())
	hup, ended := make(chan os.Signal), make(chan error, 1)
	read := func() ([]HostConfig, error) {
		contents, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return ParseHostsFile(contents, "")
	}
	go func() { ended <- f.Follow(ctx, path, read, hup) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-ended) })

	kept, _ := f.Host("a")
	write("hosts: [{name: a, addr: \"" + d.Addr() + "\"}, {name: b, addr: \"unix:///b.sock\"}]")
	hup <- os.Interrupt
	require.Eventually(t, func() bool { return names(f) == "a b" }, 5*time.Second, time.Millisecond)
	same, _ := f.Host("a")
	require.Same(t, kept, same)

	write("hosts: [{name: a, addr: \"ftp://x\"}]")
	require.Eventually(t, func() bool { return strings.Contains(log.String(), `unknown scheme \"ftp\"`) }, 2*fileEvery, 10*time.Millisecond, "without a signal")
	require.Equal(t, "a b", names(f))
	require.NoError(t, os.Remove(path))
	hup <- os.Interrupt
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "no such file") }, 5*time.Second, time.Millisecond)
	require.Equal(t, "a b", names(f))
}

func TestHostsFileSaysEverythingOfAHost(t *testing.T) {
	t.Parallel()
	cfgs, err := ParseHostsFile([]byte(`
hosts:
  - name: edge
    addr: ssh://deploy@edge.example.org
    ssh: {identities: [/k], known_hosts: [/h], jumps: [me@bastion:2222]}
    labels: {site: north}
    timeouts: {ping: 1s, read: 10s}
  - {name: db, addr: "tcp://10.0.0.7:2376", certs: /etc/wharf/db}
`), "")
	require.NoError(t, err)
	require.Equal(t, []HostConfig{
		{
			Name: "edge", Addr: "ssh://deploy@edge.example.org", Labels: map[string]string{"site": "north"},
			SSH:      SSHConfig{Identities: []string{"/k"}, KnownHosts: []string{"/h"}, Jumps: []string{"me@bastion:2222"}},
			Timeouts: Timeouts{Ping: time.Second, Read: 10 * time.Second},
		},
		{Name: "db", Addr: "tcp://10.0.0.7:2376", CertDir: "/etc/wharf/db"},
	}, cfgs)
	h := hostOf(t, cfgs[0])
	require.Equal(t, time.Second, h.pingLimit)
	require.Equal(t, 10*time.Second, h.readLimit)
}

func TestMalformedHostsFileIsOneLineThatNamesTheCulprit(t *testing.T) {
	t.Parallel()
	for file, culprit := range map[string]string{
		"":                                "no host",
		"hosts: []":                       "no host",
		"hosts: 7":                        "hosts file",
		"hosts: [{name: a, adr: x}]":      "adr",
		"hosts: [{addr: \"unix:///x\"}]":  "entry 1",
		"hosts: [{name: a, addr: \"x\"}]": `"a"`,
		"hosts: [{name: a, addr: \"unix:///x\"}, {name: a, addr: \"unix:///y\"}]": `"a" is used twice`,
		"hosts: [{name: a, addr: \"unix:///x\", timeouts: {ping: 5h}}]":           "timeouts",
		"hosts: [{name: a, addr: \"unix:///x\", timeouts: {ping: soon}}]":         "soon",
		"hosts: [{name: a, addr: \"unix:///x\", certs: /x}]":                      "certs",
		"hosts: [{name: a, addr: \"unix:///x\", labels: {\"a=b\": c}}]":           `"a=b"`,
		"hosts: [{name: a, addr: \"ssh://x\", ssh: {jumps: [\"@@\"]}}]":           "jump",
		"\t": "hosts file",
	} {
		_, err := ParseHostsFile([]byte(file), "")
		require.ErrorContains(t, err, culprit, file)
		require.NotContains(t, err.Error(), "\n")
	}
}

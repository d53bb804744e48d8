package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/connect"
	"wharf/dockerx/dockertest"
)

func hostNames(f *dockerx.Fleet) string {
	var all []string
	for _, h := range f.Hosts() {
		all = append(all, h.Name())
	}
	return strings.Join(all, " ")
}

// lockedBuffer is a log that a test can read while it is being written.
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
	f, err := dockerx.NewFleet([]dockerx.HostConfig{{Name: "a", Addr: d.Addr()}}, dockerx.Options{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	hup, ended := make(chan os.Signal), make(chan error, 2)
	read := func() ([]dockerx.HostConfig, error) {
		contents, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return parseHostsFile(contents, "")
	}
	go func() { ended <- f.Run(ctx) }()
	go func() {
		ended <- followHosts(ctx, path, func() (int, error) { return applyHosts(f, read) }, hup, zerolog.New(&log))
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, errors.Join(<-ended, <-ended))
		require.NoError(t, f.Close())
	})

	kept, _ := f.Host("a")
	write("hosts: [{name: a, addr: \"" + d.Addr() + "\"}, {name: b, addr: \"unix:///b.sock\"}]")
	hup <- os.Interrupt
	require.Eventually(t, func() bool { return hostNames(f) == "a b" }, time.Minute, time.Millisecond)
	same, _ := f.Host("a")
	require.Same(t, kept, same)

	write("hosts: [{name: a, addr: \"ftp://x\"}]")
	require.Eventually(t, func() bool { return strings.Contains(log.String(), `unknown scheme \"ftp\"`) }, 2*fileEvery, 10*time.Millisecond, "without a signal")
	require.Equal(t, "a b", hostNames(f))
	require.NoError(t, os.Remove(path))
	hup <- os.Interrupt
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "no such file") }, time.Minute, time.Millisecond)
	require.Equal(t, "a b", hostNames(f))
}

func TestHostsFileSaysEverythingOfAHost(t *testing.T) {
	t.Parallel()
	cfgs, err := parseHostsFile([]byte(`
hosts:
  - name: edge
    addr: ssh://deploy@edge.example.org
    ssh: {identities: [/k], known_hosts: [/h], jumps: [me@bastion:2222]}
    labels: {site: north}
    timeouts: {ping: 1s, read: 10s}
  - {name: db, addr: "tcp://10.0.0.7:2376", certs: /etc/wharf/db}
`), "")
	require.NoError(t, err)
	require.Equal(t, []dockerx.HostConfig{
		{
			Name: "edge", Addr: "ssh://deploy@edge.example.org", Labels: map[string]string{"site": "north"},
			SSH:      connect.SSHConfig{Identities: []string{"/k"}, KnownHosts: []string{"/h"}, Jumps: []string{"me@bastion:2222"}},
			Timeouts: dockerx.Timeouts{Ping: time.Second, Read: 10 * time.Second},
		},
		{Name: "db", Addr: "tcp://10.0.0.7:2376", CertDir: "/etc/wharf/db"},
	}, cfgs)
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
		_, err := parseHostsFile([]byte(file), "")
		require.ErrorContains(t, err, culprit, file)
		require.NotContains(t, err.Error(), "\n")
	}
}

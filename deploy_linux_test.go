package main_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
)

// systemd is a real systemd, running as process 1 in its own namespaces; scripts/boot-systemd.sh boots it.
type systemd struct {
	t   *testing.T
	pid string // of process 1, as seen from outside
}

// bootSystemd boots a systemd that sees the contents of the directory source at target.
func bootSystemd(t *testing.T, source, target string) *systemd {
	t.Helper()
	if testing.Short() {
		t.Skip("boots systemd: left out by -short")
	}
	if _, err := exec.LookPath("systemctl"); err != nil || os.Geteuid() != 0 {
		t.Skip("boots systemd in namespaces: needs root and systemd")
	}
	cmd := exec.Command("scripts/boot-systemd.sh", source, target)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, stdin.Close())
		require.NoError(t, cmd.Wait())
	})
	parent, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	s := &systemd{t: t}
	require.Eventually(t, func() bool {
		children, _ := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(parent), "task", strings.TrimSpace(parent), "children"))
		s.pid = strings.TrimSpace(string(children))
		_, err := s.run("systemctl is-system-running --wait")
		return s.pid != "" && err == nil
	}, time.Minute, 100*time.Millisecond, "systemd boots")
	return s
}

// run runs a line of shell inside, as root in /srv/wharf.
func (s *systemd) run(line string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nsenter", "--target", s.pid, "--all", "sh", "-ec", "cd /srv/wharf; "+line)
	cmd.Env = []string{"PATH=/srv/wharf/shims:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// must runs a line that must succeed.
func (s *systemd) must(line string) string {
	s.t.Helper()
	out, err := s.run(line)
	require.NoError(s.t, err, "%s: %s", line, out)
	return out
}

// deployLines returns the commands of a section of docs/deploy.md.
func deployLines(t *testing.T, section string) []string {
	t.Helper()
	page, err := os.ReadFile("docs/deploy.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)## " + section + "\n.*?```sh\n(.*?)```").FindStringSubmatch(string(page))
	require.NotNil(t, block)
	return strings.Split(strings.TrimSpace(block[1]), "\n")
}

// TestDeployLinesOfSystemdWork runs the commands of docs/deploy.md under a real systemd. Only the binary is built here instead
// of by make build.
func TestDeployLinesOfSystemdWork(t *testing.T) {
	t.Parallel()
	source := t.TempDir()
	path, err := benchkit.Binary()
	require.NoError(t, err)
	for _, line := range []string{
		"mkdir -p bin deploy shims", "cp " + path + " bin/wharf",
		// A fresh Debian with a root password has no sudo: there the reader runs the commands as root.
		"printf '#!/bin/sh\\nexec \"$@\"\\n' >shims/sudo; chmod +x shims/sudo",
	} {
		cmd := exec.Command("sh", "-ec", line)
		cmd.Dir = source
		require.NoError(t, cmd.Run(), line)
	}
	for _, file := range []string{"app.env", "deploy/wharf.service"} {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(source, file), content, 0o600))
	}
	s := bootSystemd(t, source, "/srv/wharf")
	_, _ = s.run("userdel wharf; groupdel docker; groupdel wharf; rm -rf /etc/wharf /var/lib/wharf") // like a fresh machine

	lines := deployLines(t, "systemd")
	require.Len(t, lines, 6)
	for _, line := range lines {
		s.must(line)
	}
	require.Empty(t, s.must("systemd-analyze verify /etc/systemd/system/wharf.service"))
	require.Eventually(t, func() bool {
		out, _ := s.run("bash -c 'exec 3<>/dev/tcp/127.0.0.1/9083; printf \"GET /readyz HTTP/1.0\\r\\n\\r\\n\" >&3; head -1 <&3'")
		return strings.Contains(out, "200 OK")
	}, time.Minute, 100*time.Millisecond, "wharf is ready: %s", s.must("journalctl --no-pager -u wharf"))
	require.Contains(t, s.must("journalctl --no-pager -u wharf"), "setup_token", "the journal has the token for the first user")
	require.Equal(t, "enabled\nactive\n", s.must("systemctl is-enabled wharf; systemctl is-active wharf"))
	s.must("test -f /var/lib/wharf/data/wharf.db")
	require.Equal(t, "wharf 700\n", s.must("stat -c '%U %a' /var/lib/wharf"))

	s.must("systemctl kill --signal=KILL wharf")
	require.Eventually(t, func() bool {
		out, _ := s.run("systemctl show --property=NRestarts --value wharf; systemctl is-active wharf")
		return out == "1\nactive\n"
	}, time.Minute, 100*time.Millisecond, "it is started again after a crash")
	s.must("systemctl stop wharf")
	require.Equal(t, "success\n", s.must("systemctl show --property=Result --value wharf"))
}

package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/dockerx/dockertest"
)

func TestClientShowsLogsAsDockerDoes(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	id := f.engines[0].Run(t, dockertest.Spec{Cmd: []string{"lines", "2500", "0", "0", "100"}})
	dockerLogs := func(args ...string) (string, string) {
		var out, errs bytes.Buffer
		cmd := exec.Command("docker", append([]string{"-H", f.engines[0].Addr, "logs"}, args...)...)
		cmd.Stdout, cmd.Stderr = &out, &errs
		require.NoError(t, cmd.Run())
		return out.String(), errs.String()
	}
	require.Eventually(t, func() bool {
		out, errs := dockerLogs(id)
		return strings.Count(out, "\n")+strings.Count(errs, "\n") == 2500
	}, time.Minute, 50*time.Millisecond)
	for _, args := range [][]string{{id}, {"--tail", "7", id}, {"--tail", "0", id}, {"--since", "1h", id}} {
		out, errs := dockerLogs(args...)
		stdout, stderr, code := f.run(append([]string{"logs"}, args...)...)
		require.Zero(t, code, stderr)
		require.Equal(t, out, stdout, "%v", args)
		require.Equal(t, errs, stderr, "%v", args)
	}

	other := f.engines[1].Run(t, dockertest.Spec{Cmd: []string{"lines", "1"}})
	var both string
	require.Eventually(t, func() bool { // the other container has just started
		stdout, stderr, code := f.run("logs", "--tail", "3", id, other)
		require.Zero(t, code, stderr)
		both = stdout + stderr
		return strings.Contains("\n"+both, "\nb/") // the first line, if the engine sent the error output last
	}, time.Minute, 50*time.Millisecond)
	require.Regexp(t, `(?m)^a/\S+ \| `, both)

	last := strings.Fields(both)[2]
	found := f.ok("logs", "--grep", last, id, "-o", "template={{.Text}}")
	require.Contains(t, found, last)
}

func TestClientFollowsLogsUntilInterrupted(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	id := f.engines[0].Run(t, dockertest.Spec{Cmd: []string{"lines", "100000", "20"}})
	following, logs := &output{}, &output{}
	cmd := command(t, f.home, nil, "logs", "-f", "--tail", "1", id)
	cmd.Stdout, cmd.Stderr = following, logs
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	require.Eventually(t, func() bool { return strings.Count(following.String(), "\n") > 5 }, time.Minute, 5*time.Millisecond, "%s", logs)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.Equal(t, 130, exitCode(t, cmd.Wait()))
	require.Contains(t, logs.String(), "--since 20")
}

func TestClientRunsCommandsAsDockerDoes(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	id := f.engines[0].Run(t, dockertest.Spec{})
	for _, c := range []struct {
		stdin, want string
		code        int
		args        []string
	}{
		{"", "", 7, []string{"exec", id, "/app", "exit", "7"}},
		{"some input\n", "some input\n", 0, []string{"exec", "-i", id, "/app", "cat"}},
		{"not passed on", "", 0, []string{"exec", id, "/app", "cat"}},
	} {
		theirs := exec.Command("docker", append([]string{"-H", f.engines[0].Addr}, c.args...)...)
		theirs.Stdin = strings.NewReader(c.stdin)
		out, err := theirs.Output()
		require.Equal(t, c.code, exitCode(t, err), "docker %v", c.args)
		require.Equal(t, c.want, string(out), "docker %v", c.args)
		ours, errs, err := wharf(t, f.home, c.stdin, nil, c.args...)
		require.Equal(t, c.code, exitCode(t, err), "wharf %v: %s", c.args, errs)
		require.Equal(t, c.want, ours, "wharf %v", c.args)
	}
	_, errs, code := f.run("exec", "no-such-container", "x")
	require.Equal(t, 125, code)
	require.Contains(t, errs, "no container")
	require.Contains(t, f.ok("audit", "--container", id[:12], "--action", "container.terminal"), "container.terminal")
}

// A grant with exec allows users whose role doesn't: with the key of a login, and with API keys made for it.
func TestClientRunsCommandsWhereAGrantSaysSo(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	value := t.Name() + f.url
	id := f.engines[0].Run(t, dockertest.Spec{Labels: map[string]string{"client-grant": value}})
	hidden := f.engines[0].Run(t, dockertest.Spec{})
	_, errs, err := wharf(t, f.home, "123123\n", nil, "users", "add", "hong", "--role", "viewer", "--password-stdin")
	require.NoError(t, err, errs)
	_, err = f.as(f.process.login()).AddGrant(t.Context(), dto.NewGrant{
		Username: "hong", Hosts: "a", Labels: "client-grant=" + value, Role: "viewer", Exec: true,
	})
	require.NoError(t, err)
	home := t.TempDir()
	_, errs, err = wharf(t, home, "123123\n", nil, "login", f.url, "--username", "hong", "--password-stdin")
	require.NoError(t, err, errs)
	run := func(env []string, id string) int {
		_, _, err := wharf(t, home, "", env, "exec", "a/"+id, "/app", "exit", "7")
		return exitCode(t, err)
	}
	require.Equal(t, 7, run(nil, id))
	require.Equal(t, 125, run(nil, hidden), "no grant names it")
	for _, c := range []struct {
		flags []string
		code  int
	}{{nil, 125}, {[]string{"--exec"}, 7}} {
		key, errs, err := wharf(t, home, "123123\n", nil, append([]string{"keys", "add", "ci", "--role", "viewer", "--password-stdin"}, c.flags...)...)
		require.NoError(t, err, errs)
		require.Equal(t, c.code, run([]string{"WHARF_URL=" + f.url, "WHARF_TOKEN=" + strings.TrimSpace(key)}, id), "%v", c.flags)
	}
}

func TestClientManagesUsersAndKeys(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	out, errs, err := wharf(t, f.home, "123123\n", nil, "users", "add", "hong", "--role", "viewer", "--password-stdin")
	require.NoError(t, err, errs)
	require.Equal(t, "created viewer hong\n", out)
	require.Regexp(t, `(?m)^hong +operator `, f.ok("users", "set", "hong", "--role", "operator"))
	require.Regexp(t, `(?m)^hong +operator `, f.ok("users"))

	key, errs, err := wharf(t, f.home, "123123\n", nil, "keys", "add", "ci", "--role", "viewer", "--password-stdin")
	require.NoError(t, err, errs)
	asKey := []string{"WHARF_URL=" + f.url, "WHARF_TOKEN=" + strings.TrimSpace(key)}
	_, errs, code := f.runIn(asKey, "ps")
	require.Zero(t, code, errs)
	_, errs, code = f.runIn(asKey, "users", "rm", "hong")
	require.Equal(t, 4, code, errs)
	out, errs, err = wharf(t, f.home, "123123\n", nil, "keys", "--password-stdin", "-o", `template={{if eq .Name "ci"}}{{.ID}}{{end}}`)
	require.NoError(t, err, errs)
	_, errs, err = wharf(t, f.home, "123123\n", nil, "keys", "rm", strings.TrimSpace(out), "--password-stdin")
	require.NoError(t, err, errs)
	_, _, code = f.runIn(asKey, "ps")
	require.Equal(t, 3, code)
	f.ok("users", "rm", "hong")
	require.NotContains(t, f.ok("users"), "hong")
}

// TestClientIsQuick measures the processor time of `wharf ps`, which doesn't depend on what else the machine runs.
func TestClientIsQuick(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	best := time.Hour
	for range 10 {
		cmd := command(t, f.home, nil, "ps")
		require.NoError(t, cmd.Run())
		best = min(best, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	t.Logf("wharf ps: %s of process time", best)
	require.Less(t, best, 60*time.Millisecond)
}

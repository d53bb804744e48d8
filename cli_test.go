package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

// clientFixture is a server with real engines, and a home directory that is logged in to it.
type clientFixture struct {
	*process
	t       *testing.T
	home    string
	engines []dockertest.Engine
}

func newClient(t *testing.T) *clientFixture {
	t.Helper()
	engines := dockertest.Engines(t)[:2]
	f := &clientFixture{t: t, home: t.TempDir(), engines: engines}
	f.process = serve(t, t.TempDir(), "DOCKER_HOSTS=a="+engines[0].Addr+",b="+engines[1].Addr)
	f.awaitReady()
	f.login()
	out, stderr, err := wharf(t, f.home, "123123\n", nil, "login", f.url, "--username", "gildong", "--password-stdin", "--name", "test")
	require.NoError(t, err, stderr)
	require.Contains(t, out, "as gildong (admin)")
	return f
}

// run runs a command as the user and returns what it printed and its exit code.
func (f *clientFixture) run(args ...string) (stdout, stderr string, code int) {
	f.t.Helper()
	return f.runIn(nil, args...)
}

func (f *clientFixture) runIn(env []string, args ...string) (stdout, stderr string, code int) {
	f.t.Helper()
	stdout, stderr, err := wharf(f.t, f.home, "", env, args...)
	return stdout, stderr, exitCode(f.t, err)
}

// ok runs a command that must succeed without printing to standard error.
func (f *clientFixture) ok(args ...string) string {
	f.t.Helper()
	stdout, stderr, code := f.run(args...)
	if dockertest.GaveUpFreezing(stderr) {
		return f.ok(args...)
	}
	require.Zero(f.t, code, "%v: %s", args, stderr)
	require.Empty(f.t, stderr, "%v", args)
	return stdout
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	ended := (*exec.ExitError)(nil)
	if err != nil {
		require.ErrorAs(t, err, &ended)
		return ended.ExitCode()
	}
	return 0
}

// docker runs Docker's own CLI against an engine.
func docker(t *testing.T, e dockertest.Engine, args ...string) (string, int) {
	t.Helper()
	out, err := exec.Command("docker", append([]string{"-H", e.Addr}, args...)...).Output()
	return string(out), exitCode(t, err)
}

func TestClientKeepsAndDropsItsKey(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	file := filepath.Join(f.home, ".config", "wharf", "contexts.json")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, "-rw-------", info.Mode().String())
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var kept struct {
		Contexts map[string]struct{ Key string } `json:"contexts"`
	}
	require.NoError(t, json.Unmarshal(raw, &kept))
	key := kept.Contexts["test"].Key
	require.NotEmpty(t, key)

	require.Regexp(t, `(?m)^test \* +http://127`, f.ok("context"))
	require.NotContains(t, f.ok("context", "-o", "json"), key)
	_, stderr, code := f.runIn([]string{"WHARF_URL=" + f.url}, "ps")
	require.Equal(t, 3, code, "a context's key isn't sent to WHARF_URL: %s", stderr)
	_, stderr, code = f.runIn([]string{"WHARF_URL=" + f.url, "WHARF_TOKEN=" + key}, "ps")
	require.Zero(t, code, stderr)

	require.NoError(t, os.Chmod(file, 0o644)) //nolint:gosec // readable by others: the case under test
	_, stderr, code = f.run("ps")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "chmod 600")
	require.NoError(t, os.Chmod(file, 0o600))

	f.ok("logout")
	_, stderr, code = f.run("ps")
	require.Equal(t, 3, code)
	require.Contains(t, stderr, "wharf login URL")
	_, _, code = f.runIn([]string{"WHARF_URL=" + f.url, "WHARF_TOKEN=" + key}, "ps")
	require.Equal(t, 3, code, "the key is gone on the server too")
}

func TestClientExitCodes(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{0, "", []string{"ps"}},
		{2, "unexpected argument", []string{"ps", "x"}},
		{2, "unknown flag", []string{"ps", "--nonsense"}},
		{2, "see wharf stop --help", []string{"stop"}},
		{2, "expected table", []string{"ps", "-o", "xml"}},
		{2, "no context", []string{"--context", "nowhere", "ps"}},
		{5, "wharf ps -a", []string{"stop", "no-such-container"}},
		{5, "", []string{"stop", "a/no-such-container"}},
		{5, "has the label", []string{"stop", "--label", "no-such-label"}},
	} {
		_, stderr, code := f.run(c.args...)
		require.Equal(t, c.code, code, "%v: %s", c.args, stderr)
		require.Contains(t, stderr, c.says, "%v", c.args)
	}
	_, stderr, code := f.runIn([]string{"WHARF_URL=http://127.0.0.1:1"}, "ps")
	require.Equal(t, 6, code)
	require.Contains(t, stderr, "can't reach")
}

func TestClientListsAsDockerDoes(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	label := "client-list=" + t.Name() + f.url
	for _, e := range f.engines {
		e.Run(t, dockertest.Spec{Labels: map[string]string{"client-list": t.Name() + f.url}})
		e.Run(t, dockertest.Spec{Labels: map[string]string{"client-list": t.Name() + f.url}, Created: true})
	}
	for i, host := range []string{"a", "b"} {
		for _, all := range [][]string{{"ps"}, {"ps", "-a"}} {
			theirs, code := docker(t, f.engines[i], slices.Concat(all, []string{"--no-trunc", "--filter", "label=" + label, "--format", "{{.ID}} {{.Names}} {{.Image}} {{.State}}"})...)
			require.Zero(t, code)
			ours := f.ok(slices.Concat(all, []string{"--host", host, "--label", label, "--sort", "-created", "-o", "template={{.ID}} {{.Name}} {{.Image}} {{.State}}"})...)
			require.ElementsMatch(t, strings.Split(theirs, "\n"), strings.Split(ours, "\n"), "containers made in the same second have no order")
		}
	}
	table := f.ok("ps", "-a", "--label", label)
	require.Regexp(t, `^HOST +CONTAINER ID +IMAGE +CREATED +STATUS +NAMES\n`, table)
	require.Equal(t, 5, strings.Count(table, "\n"))
	require.Equal(t, 2, strings.Count(f.ok("ps", "-q", "--label", label), "\n"))
	require.Regexp(t, `(?m)^a +unix://.* +up `, f.ok("hosts"))
}

func TestClientOperatesAsDockerDoes(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	value := t.Name() + f.url
	spec := dockertest.Spec{Labels: map[string]string{"client-operate": value}, Created: true}
	id := f.engines[0].Run(t, spec)
	other := f.engines[1].Run(t, spec)
	state := func(engine int, id string) string {
		out, _ := docker(t, f.engines[engine], "inspect", "-f", "{{.State.Status}}", id)
		return strings.TrimSpace(out)
	}
	theirs, _ := docker(t, f.engines[0], "start", id)
	require.Equal(t, theirs, f.ok("start", id), "running already: no failure, with either")
	for _, c := range []struct{ command, state string }{
		{"pause", "paused"},
		{"unpause", "running"},
		{"restart", "running"},
		{"kill", "exited"},
		{"start", "running"},
	} {
		args := []string{c.command, "a/" + id[:12]}
		if c.command == "kill" {
			args = append(args, "--wait", "exited")
		}
		require.Equal(t, "a/"+id[:12]+"\n", f.ok(args...))
		require.Equal(t, c.state, state(0, id), c.command)
	}

	out := f.ok("stop", "--label", "client-operate="+value, "-t", "0", "-o", "json")
	var rows []struct {
		Host    string
		Changed bool
		After   string
	}
	require.NoError(t, json.Unmarshal([]byte(out), &rows))
	require.Len(t, rows, 2)
	require.Equal(t, "exited", state(0, id))
	require.Equal(t, "created", state(1, other))

	name := "client-renamed-" + id[:12]
	require.Empty(t, f.ok("rename", id[:20], name))
	theirs, _ = docker(t, f.engines[0], "inspect", "-f", "{{.Name}} {{.Id}}", id)
	require.Equal(t, theirs, f.ok("inspect", name, "-o", "template={{.Name}} {{.ID}}"))

	stdout, stderr, code := f.run("start", name, "b/no-such-container", "--wait", "running")
	require.Equal(t, 7, code, "one of two")
	require.Equal(t, name+"\n", stdout)
	require.Contains(t, stderr, "b/no-such-container: ")
	_, stderr, code = f.run("start", name, "--wait", "exited", "--wait-limit", "10ms")
	require.Equal(t, 8, code, stderr)
}

func TestClientFollowsEventsUntilInterrupted(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	id := f.engines[0].Run(t, dockertest.Spec{Created: true})
	past := func() string { return f.ok("events", "--container", id, "--type", "container") }
	require.Eventually(t, func() bool { return strings.Contains(past(), " a container create "+id) }, time.Minute, 50*time.Millisecond)

	following, logs := &output{}, &output{}
	cmd := command(t, f.home, nil, "events", "-f", "--since", "1h", "--container", id, "-o", "ndjson")
	cmd.Stdout, cmd.Stderr = following, logs
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	f.ok("start", id)
	require.Eventually(t, func() bool { return strings.Contains(following.String(), `"action":"start"`) }, time.Minute, 5*time.Millisecond, "%s", logs)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.Equal(t, 130, exitCode(t, cmd.Wait()))
	require.Regexp(t, `wharf events -f --after \d+`, logs.String())
	require.Equal(t, 1, strings.Count(following.String(), `"action":"create"`), "once, though it is past and in the log")
	require.Equal(t, 1, strings.Count(following.String(), `"action":"start"`))
}

func TestClientShowsUsage(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	id := f.engines[0].Run(t, dockertest.Spec{})
	require.Eventually(t, func() bool {
		return strings.Contains(f.ok("stats", "--no-stream", id), id[:12])
	}, time.Minute, 50*time.Millisecond)
	require.Regexp(t, `^HOST +CONTAINER ID +NAME +CPU % +MEM USAGE / LIMIT +MEM % +NET I/O +BLOCK I/O +PIDS\n`, f.ok("stats", "--no-stream", id))
}

func TestClientCompletesHostsAndContainers(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	id := f.engines[0].Run(t, dockertest.Spec{})
	name := strings.Trim(f.ok("inspect", id, "-o", "template={{.Name}}"), "/\n")
	complete := func(args ...string) string {
		out, _, code := f.run(append([]string{"__complete"}, args...)...)
		require.Zero(t, code)
		return out
	}
	require.Contains(t, complete("stop", ""), name+"\ta, ")
	require.NotContains(t, complete("start", ""), name)
	require.Contains(t, complete("ps", "--host", ""), "a\t")
	require.Contains(t, complete("s"), "stats\t")
	require.Contains(t, complete(""), "serve\t")
}

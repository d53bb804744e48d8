package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

// dockerCLIs returns Docker's command-line programs on this machine: Debian's, and a newer one if there is one.
func dockerCLIs(t *testing.T) []string {
	t.Helper()
	if testing.Short() {
		t.Skip("needs Docker engines: left out by -short")
	}
	var found []string
	for _, path := range []string{"/usr/bin/docker", "/usr/local/bin/docker"} {
		if _, err := os.Stat(path); err == nil {
			found = append(found, path)
		}
	}
	require.NotEmpty(t, found, "no docker command: install docker.io")
	return found
}

// dockerCLI is Docker's command line for one caller and one host.
type dockerCLI struct {
	t    *testing.T
	path string
	args []string
}

// docker returns Docker's command line for a caller on a host. It keeps the path of the address, and sends the configured headers
// to every engine: acceptable in a test, not for users.
func (w *fixture) docker(t *testing.T, path, host, token string) *dockerCLI {
	t.Helper()
	config, err := json.Marshal(map[string]any{"HttpHeaders": map[string]string{"Authorization": "Bearer " + token}})
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600))
	return &dockerCLI{t, path, []string{"--config", dir, "-H", "tcp://" + strings.TrimPrefix(w.url, "http://") + "/docker/" + host}}
}

func (c *dockerCLI) command(args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	c.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, c.path, append(c.args[:len(c.args):len(c.args)], args...)...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST=", "DOCKER_CONTEXT=", "DOCKER_API_VERSION=")
	return cmd
}

// try runs a command to its end.
func (c *dockerCLI) try(args ...string) (out, errs string, code int) {
	c.t.Helper()
	cmd := c.command(args...)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(c.t, err, &exit, "docker %v", args)
		code = exit.ExitCode()
	}
	if dockertest.GaveUpFreezing(e.String()) {
		return c.try(args...)
	}
	return o.String(), e.String(), code
}

// run is try for commands that must succeed.
func (c *dockerCLI) run(args ...string) string {
	c.t.Helper()
	out, errs, code := c.try(args...)
	require.Zero(c.t, code, "docker %v: %s%s", args, out, errs)
	return out
}

// refused is try for commands that must not be allowed.
func (c *dockerCLI) refused(says string, args ...string) {
	c.t.Helper()
	out, errs, code := c.try(args...)
	require.NotZero(c.t, code, "docker %v: %s", args, out)
	require.Contains(c.t, errs, says, "docker %v", args)
}

func TestDockerCommandOfEachRole(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	viewer, operator, grantee := w.person("viewer", "viewer"), w.person("operator", "operator"), w.person("grantee", "none")
	w.grant("grantee", "default", "team=web", "operator")
	for _, path := range dockerCLIs(t) {
		t.Run(filepath.Dir(path), func(t *testing.T) {
			t.Parallel()
			web := dockertest.Spec{Cmd: []string{"lines", "3", "0", "0", "3"}, Labels: map[string]string{"team": "web", "api.token": "hunter2"}}
			mine := e.Run(t, web)
			hidden := e.Run(t, dockertest.Spec{Labels: map[string]string{"team": "money"}})
			t.Run("viewer", func(t *testing.T) { asViewer(t, w.docker(t, path, "default", viewer), mine, hidden) })
			t.Run("operator", func(t *testing.T) { asOperator(t, w.docker(t, path, "default", operator), e.Run(t, web)) })
			t.Run("grantee", func(t *testing.T) { asGrantee(t, w.docker(t, path, "default", grantee), mine, hidden) })
			t.Run("admin", func(t *testing.T) { asAdmin(t, w.docker(t, path, "default", w.admin), mine) })
		})
	}
}

func asViewer(t *testing.T, d *dockerCLI, mine, hidden string) {
	t.Helper()
	require.Contains(t, d.run("version"), "Version:")
	require.Contains(t, d.run("info"), "Server Version:")
	list := d.run("ps", "--no-trunc")
	require.Contains(t, list, mine)
	require.Contains(t, list, hidden)
	require.Equal(t, mine, strings.TrimSpace(d.run("ps", "-aq", "--no-trunc", "-f", "id="+mine[:12])))
	require.Contains(t, d.run("images"), "wharf-test")
	require.Contains(t, d.run("inspect", mine), `"api.token": "***"`)
	require.Contains(t, d.run("top", mine), "lines 3")
	out, errs, code := d.try("logs", mine)
	require.Zero(t, code, errs)
	require.Contains(t, out, "000000001 xxx")
	require.Contains(t, errs, "000000002 xxx")
	require.Contains(t, d.run("stats", "--no-stream", "--format", "{{.ID}} {{.MemUsage}}", mine), mine[:12])
	d.refused("takes the permission operate", "stop", mine)
	d.refused("takes the permission operate", "rm", "-f", mine)
	d.refused("takes the permission exec", "exec", mine, "/app", "env")
	d.refused("is not in the typed tier", "cp", mine+":/app", t.TempDir())
}

func asOperator(t *testing.T, d *dockerCLI, id string) {
	t.Helper()
	name := "renamed-" + id[:12] + "x"
	d.run("rename", id, name)
	d.run("pause", name)
	d.refused("already paused", "pause", name)
	d.run("unpause", name)
	d.run("update", "--memory", "64m", "--memory-swap", "128m", name)
	d.refused("CpuShares", "update", "--cpu-shares", "512", name)
	d.run("restart", "-t", "1", name)
	// The app must be ready for signals; its first line shows that.
	require.Eventually(t, func() bool { return strings.Count(d.run("logs", name), "000000001 ") == 2 }, waitLimit, waitTick)
	waiting := d.command("wait", name)
	var code bytes.Buffer
	waiting.Stdout = &code
	require.NoError(t, waiting.Start())
	d.run("kill", "-s", "TERM", name)
	require.NoError(t, waiting.Wait())
	require.Equal(t, "0", strings.TrimSpace(code.String()))
	require.Contains(t, d.run("ps", "-a", "--filter", "status=exited", "--filter", "name="+name), name)
	d.run("start", name)
	d.run("start", name)
	d.run("stop", "-t", "1", name)
	d.run("stop", "-t", "1", name)
	d.refused("takes the permission exec", "exec", name, "/app", "env")
	d.run("rm", "-v", name)
	d.refused("o such container", "inspect", "--type", "container", name)
}

func asGrantee(t *testing.T, d *dockerCLI, mine, hidden string) {
	t.Helper()
	list := d.run("ps", "-a", "--no-trunc")
	require.Contains(t, list, mine)
	require.NotContains(t, list, hidden)
	for _, args := range [][]string{{"logs"}, {"stop"}, {"rm"}, {"top"}, {"kill"}, {"wait"}, {"inspect", "--type", "container"}, {"stats", "--no-stream"}, {"rename"}} {
		args = append(args, hidden)
		if args[0] == "rename" {
			args = append(args, "stolen")
		}
		d.refused("o such container", args...)
	}
	d.run("pause", mine)
	d.run("unpause", mine)
	d.refused("takes the permission exec", "exec", mine, "/app", "env")
}

func asAdmin(t *testing.T, d *dockerCLI, mine string) {
	t.Helper()
	require.Contains(t, d.run("inspect", mine), `"api.token": "hunter2"`)
	require.Contains(t, d.run("exec", "-e", "FOO=bar", mine, "/app", "env"), "FOO=bar")
	_, _, code := d.try("exec", mine, "/app", "exit", "7")
	require.Equal(t, 7, code)
	cat := d.command("exec", "-i", mine, "/app", "cat")
	cat.Stdin = strings.NewReader("through the exec")
	out, err := cat.Output()
	require.NoError(t, err)
	require.Equal(t, "through the exec", string(out))
	d.refused("detached exec is not in the typed tier", "exec", "-d", mine, "/app", "env")
	d.refused("privileged exec is not in the typed tier", "exec", "--privileged", mine, "/app", "env")
	d.refused("scope docker", "run", "wharf-test")
}

// pythonClient does what typical scripts with Docker's Python library do.
const pythonClient = `
import sys, docker
` + dockertest.PythonPause + `
url, token, id, hidden, team = sys.argv[1:]
c = docker.DockerClient(base_url=url, version="1.41", timeout=60)
c.api.headers["Authorization"] = "Bearer " + token
assert c.ping()
assert c.version()["ApiVersion"]
shown = [x.id for x in c.containers.list(all=True, ignore_removed=True)]
assert id in shown and hidden not in shown, shown
x = c.containers.get(id)
assert x.status == "running" and x.labels["team"] == team
assert b"python reads this" in x.logs()
assert next(iter(x.logs(stream=True, follow=True))) == b"python reads this\n"
assert x.stats(stream=False)["memory_stats"]["limit"] > 0
assert len(x.top()["Processes"]) == 1
x.rename(x.name + "-p"); pause(x); x.unpause(); x.restart(timeout=1)
code, out = x.exec_run(["/app", "env"], environment={"FROM": "python"})
assert code == 0 and b"FROM=python" in out, (code, out)
while x.logs().count(b"python reads this") < 2: # until it hears signals
    pass
x.kill("SIGTERM")
assert x.wait()["StatusCode"] == 0
x.remove()
try:
    c.containers.get(hidden)
    raise SystemExit("a hidden container was found")
except docker.errors.NotFound:
    pass
try:
    c.containers.run("wharf-test")
    raise SystemExit("run was not refused")
except docker.errors.APIError as e:
    assert "scope docker" in str(e), e
print("done")
`

func TestDockerPythonClient(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	token := w.person("hong", "none")
	team := strings.ToLower(rand.Text()[:8]) // the engine has containers of other tests, which come and go
	var g struct{ ID string }
	w.post("/v1/grants", map[string]any{"username": "hong", "hosts": "*", "labels": "team=" + team, "role": "operator", "exec": true}).data(t, &g)
	id := e.Run(t, dockertest.Spec{Cmd: []string{"log", "python reads this"}, Labels: map[string]string{"team": team}})
	hidden := e.Run(t, dockertest.Spec{})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "/usr/bin/python3", "-c", pythonClient, w.url+"/docker/default", token, id, hidden, team).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "done", strings.TrimSpace(string(out)))
}

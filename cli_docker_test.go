package main_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/dockerx/dockertest"
)

// tools runs Docker's tools through `wharf docker` against a server with real engines, with a key made for them.
type tools struct {
	*clientFixture
	env  []string
	name string // the prefix of the test's containers, images and projects
}

func newTools(t *testing.T) *tools {
	t.Helper()
	f := newClient(t)
	key, err := f.as(f.process.login()).AddKey(t.Context(), dto.NewAPIKey{Name: "tools", Role: "admin", Scope: "docker"})
	require.NoError(t, err)
	return &tools{
		clientFixture: f, env: []string{"WHARF_URL=" + f.url, "WHARF_TOKEN=" + key.Key, "TERM=xterm", "DOCKER_BUILDKIT=0"},
		name: "raw" + f.url[strings.LastIndex(f.url, ":")+1:],
	}
}

// command returns a command to run under `wharf docker a`.
func (f *tools) command(dir string, args ...string) *exec.Cmd {
	f.t.Helper()
	cmd := command(f.t, f.home, f.env, slices.Concat([]string{"docker", "a", "--"}, args)...)
	cmd.Dir = dir
	return cmd
}

// through runs a command under `wharf docker a` and returns both its outputs and its exit code.
func (f *tools) through(dir, stdin string, args ...string) (output string, code int) {
	f.t.Helper()
	cmd := f.command(dir, args...)
	cmd.Stdin = strings.NewReader(stdin)
	raw, err := cmd.CombinedOutput()
	if dockertest.GaveUpFreezing(string(raw)) {
		return f.through(dir, stdin, args...)
	}
	return string(raw), exitCode(f.t, err)
}

// step is a command and its expected result.
type step struct {
	args  string
	stdin string
	code  int
	says  string // a regular expression
}

func (f *tools) steps(dir string, steps ...step) {
	f.t.Helper()
	for _, s := range steps {
		args := strings.Fields(strings.ReplaceAll(s.args, "NAME", f.name))
		out, code := f.through(dir, s.stdin, args...)
		require.Equal(f.t, s.code, code, "%v: %s", args, out)
		require.Regexp(f.t, "(?s)"+strings.ReplaceAll(s.says, "NAME", f.name), out, "%v", args)
	}
}

// dockers returns the path of each version of Docker's CLI on this machine: the distribution's and perhaps a newer one.
func dockers(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, name := range []string{"docker", "/usr/bin/docker", "/usr/local/bin/docker"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		out, err := exec.Command(path, "--version").Output()
		require.NoError(t, err)
		version := strings.TrimSuffix(strings.Fields(string(out))[2], ",")
		found[version] = path
	}
	require.NotEmpty(t, found, "no docker command")
	return found
}

// Docker's CLI does the same through the raw tier as directly on the engine.
func TestDockersCommandLineThroughTheRawTier(t *testing.T) {
	t.Parallel()
	for version, docker := range dockers(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			f := newTools(t)
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM "+dockertest.Image+"\nCOPY file /file\n"), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("built"), 0o600))
			t.Cleanup(func() {
				_, _ = f.through(dir, "", docker, "rm", "-fv", f.name, f.name+"-2")
				_, _ = f.through(dir, "", docker, "rmi", "-f", f.name+":1", f.name+":2", f.name+":3")
			})
			steps := []step{
				{"version", "", 0, `Server:.*Version: `},
				{"info", "", 0, `Containers: `},
				{"build -t NAME:1 .", "", 0, `Successfully tagged NAME:1`},
				{"images NAME", "", 0, `NAME +1 `},
				{"run --rm NAME:1 exit 7", "", 7, ``},
				{"run -i --rm NAME:1 cat", "some input\n", 0, `some input\n$`},
				{"run -d --name NAME -l team=web NAME:1 log hello", "", 0, `[0-9a-f]{64}`},
				{"ps --filter label=team=web --filter name=NAME", "", 0, `NAME:1.*NAME`},
				{"inspect -f {{.Config.Labels.team}} NAME", "", 0, `web`},
				{"exec NAME /app exit 7", "", 7, ``},
				{"exec -i NAME /app cat", "to the exec\n", 0, `to the exec\n$`},
				{"exec NAME /nothing", "", 126, `no such file`},
				{"stats --no-stream NAME", "", 0, `NAME.*%`},
				{"top NAME", "", 0, `/app log`},
				{"cp file NAME:/copied", "", 0, ``},
				{"cp NAME:/copied back", "", 0, ``},
				{"cp NAME:/missing back", "", 1, `Could not find the file|No such container:path`},
				{"diff NAME", "", 0, `A /copied`},
				{"rename NAME NAME-2", "", 0, ``},
				{"update --restart no NAME-2", "", 0, `NAME-2`},
				{"pause NAME-2", "", 0, `NAME-2`},
				{"unpause NAME-2", "", 0, `NAME-2`},
				{"restart -t 0 NAME-2", "", 0, `NAME-2`},
				{"stop -t 1 NAME-2", "", 0, `NAME-2`},
				{"start NAME-2", "", 0, `NAME-2`},
				{"kill NAME-2", "", 0, `NAME-2`},
				{"wait NAME-2", "", 0, `137`},
				{"commit NAME-2 NAME:2", "", 0, `sha256:`},
				{"history NAME:2", "", 0, `COPY file`},
				{"tag NAME:2 NAME:3", "", 0, ``},
				{"save -o saved.tar NAME:2", "", 0, ``},
				{"rmi NAME:2 NAME:3", "", 0, `Untagged: NAME:2`},
				{"load -i saved.tar", "", 0, `Loaded image: NAME:2`},
				{"export -o exported.tar NAME-2", "", 0, ``},
				{"import exported.tar NAME:3", "", 0, `sha256:`},
				{"rm NAME-2", "", 0, `NAME-2`},
				{"volume create NAME", "", 0, `NAME`},
				{"volume inspect NAME", "", 0, `"Name": "NAME"`},
				{"volume rm NAME", "", 0, `NAME`},
				{"network create NAME", "", 0, `[0-9a-f]{64}`},
				{"network inspect -f {{.Driver}} NAME", "", 0, `bridge`},
				{"network rm NAME", "", 0, `NAME`},
				{"system df", "", 0, `Images`},
				{"no-such-command", "", 1, `no-such-command`},
				{"logs NAME", "", 1, `No such container`},
			}
			for i := range steps {
				steps[i].args = docker + " " + steps[i].args
			}
			f.steps(dir, steps...)
			back, err := os.ReadFile(filepath.Join(dir, "back"))
			require.NoError(t, err)
			require.Equal(t, "built", string(back))
			rows, err := f.as(f.process.login()).ListAudit(t.Context(), dto.AuditQuery{Action: "docker", PageQuery: dto.PageQuery{Limit: 500}})
			require.NoError(t, err)
			require.Greater(t, len(rows.Audit), len(steps))
			require.True(t, slices.ContainsFunc(rows.Audit, func(r dto.AuditEntry) bool {
				return strings.HasSuffix(r.Target, "/build") && strings.HasPrefix(r.Target, "POST ") && r.Detail == "status 200"
			}))
		})
	}
}

// Commands that run until they are interrupted, and terminals.
func TestDockersCommandLineFollowsThroughTheRawTier(t *testing.T) {
	t.Parallel()
	for version, docker := range dockers(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			f := newTools(t)
			id := f.engines[0].Run(t, dockertest.Spec{Cmd: []string{"log", "line", "20ms"}})
			cmd := f.command("", docker, "logs", "-f", id)
			logs := new(output)
			cmd.Stdout = logs
			require.NoError(t, cmd.Start())
			require.Eventually(t, func() bool { return strings.Count(logs.String(), "\n") > 3 }, time.Minute, 5*time.Millisecond)
			f.interrupt(cmd)
			f.attach(docker)
			f.events(docker, id)
			shell := exec.Command("script", "-qec", strings.Join(f.command("", docker, "exec", "-it", id, "/app", "cat").Args, " "), "/dev/null")
			shell.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + f.home}, f.env...)
			in, err := shell.StdinPipe()
			require.NoError(t, err)
			out := new(output)
			shell.Stdout = out
			require.NoError(t, shell.Start())
			_, err = in.Write([]byte("typed\n"))
			require.NoError(t, err)
			require.Eventually(t, func() bool { return strings.Count(out.String(), "typed") > 1 }, time.Minute, 5*time.Millisecond, "echo and answer: %s", out)
			_, err = in.Write([]byte{4}) // Ctrl-D
			require.NoError(t, err)
			require.NoError(t, shell.Wait(), "%s", out)
		})
	}
}

// attach follows a container's output to its end, and returns its exit code.
func (f *tools) attach(docker string) {
	f.t.Helper()
	id := f.engines[0].Run(f.t, dockertest.Spec{Cmd: []string{"log", "line", "20ms"}})
	cmd := f.command("", docker, "attach", id)
	out := new(output)
	cmd.Stdout = out
	require.NoError(f.t, cmd.Start())
	require.Eventually(f.t, func() bool { return strings.Count(out.String(), "\n") > 3 }, time.Minute, 5*time.Millisecond)
	f.engines[0].Kill(f.t, id, "KILL")
	require.Equal(f.t, 137, exitCode(f.t, cmd.Wait()))
}

// events reads a container's events, both those that have happened and those that come. Each look has an event of its own before it:
// an engine keeps only its last 256, and other tests use it.
func (f *tools) events(docker, id string) {
	f.t.Helper()
	args := []string{docker, "events", "--filter", "container=" + id, "--filter", "event=rename"}
	cmd := f.command("", args...)
	coming := new(output)
	cmd.Stdout = coming
	require.NoError(f.t, cmd.Start())
	name := id[:12]
	require.Eventually(f.t, func() bool {
		f.steps("", step{docker + " rename " + id + " " + name + "-1", "", 0, `^$`}, step{docker + " rename " + id + " " + name, "", 0, `^$`})
		past, code := f.through("", "", append(args, "--since", "10m", "--until", "0s")...) // the last full second
		require.Zero(f.t, code, "%s", past)
		return strings.Contains(past, "container rename "+id) && strings.Contains(coming.String(), "container rename "+id)
	}, time.Minute, 5*time.Millisecond)
	f.interrupt(cmd)
}

// interrupt ends a command that runs until it is interrupted.
func (f *tools) interrupt(cmd *exec.Cmd) {
	f.t.Helper()
	require.NoError(f.t, cmd.Process.Signal(os.Interrupt), "goes to the command too")
	require.Contains(f.t, []int{0, 1, 130}, exitCode(f.t, cmd.Wait()), "as the command ends by itself")
}

func TestBuildKitBuildsThroughTheRawTier(t *testing.T) {
	t.Parallel()
	f := newTools(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY file /file\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("built"), 0o600))
	f.env = append(f.env, "DOCKER_BUILDKIT=1")
	f.steps(dir, step{"/usr/bin/docker build --progress plain -t NAME:1 .", "", 0, `naming to docker.io/library/NAME:1`},
		step{"/usr/bin/docker rmi NAME:1", "", 0, `Untagged`})
}

func TestPullAndPushThroughTheRawTier(t *testing.T) {
	t.Parallel()
	f := newTools(t)
	r := dockertest.NewRegistry(t, dockertest.RegistryOptions{})
	image := r.Addr + "/some/tool:1"
	f.steps(t.TempDir(), step{"docker tag " + dockertest.Image + " " + image, "", 0, ``}, step{"docker push " + image, "", 0, `digest: sha256`},
		step{"docker rmi " + image, "", 0, `Untagged`}, step{"docker pull " + image, "", 0, `Downloaded newer image|up to date`},
		step{"docker rmi " + image, "", 0, `Untagged`}, step{"docker pull " + r.Addr + "/none:1", "", 1, `not found|unknown`})
}

func TestComposeThroughTheRawTier(t *testing.T) {
	t.Parallel()
	f := newTools(t)
	compose := os.Getenv("WHARF_TEST_COMPOSE")
	require.NotEmpty(t, compose, "no docker-compose to test with: run scripts/install-compose.sh and bring the test bed up again")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "docker-compose.yml"), []byte(fmt.Sprintf(`
version: "3"
services:
  web:
    build: .
    image: %[1]s-web
    command: ["log", "line", "1s"]
    volumes: ["data:/data"]
  job:
    image: %[2]s
    command: ["exit", "7"]
volumes:
  data: {}
`, f.name, dockertest.Image)), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM "+dockertest.Image+"\nENV built=1\n"), 0o600))
	c := compose + " --ansi never -p NAME "
	// compose doesn't always print a container's end completely, so only its exit code is checked.
	f.steps(
		dir, step{c + "up -d", "", 0, `Creating NAME_web_1 ... done`}, step{c + "ps", "", 0, `NAME_web_1.*Up`},
		step{c + "exec -T web /app exit 7", "", 7, ``}, step{c + "up --exit-code-from job job", "", 7, `Attaching to NAME_job_1`},
		step{c + "logs web", "", 0, `web_1`}, step{c + "down -v", "", 0, `Removing network NAME_default`}, step{c + "ps -q", "", 0, `^$`},
		step{"docker rmi NAME-web", "", 0, `Untagged`},
	)
}

const pythonScript = `
import docker, io, sys, tarfile
` + dockertest.PythonPause + `
c = docker.from_env()
image, name = sys.argv[1:]
try:
    c.containers.run(image, ['exit', '7'], remove=True)
except docker.errors.ContainerError as e:
    assert e.exit_status == 7, e
x = c.containers.run(image, ['log', 'line', '10ms'], detach=True, name=name, labels={'made': name})
try:
    assert x.exec_run(['/app', 'exit', '7']).exit_code == 7
    assert next(x.logs(stream=True, follow=True))
    assert next(x.attach(stream=True, logs=False))
    assert x.stats(stream=False)['name'] == '/' + name
    b = io.BytesIO()
    with tarfile.open(fileobj=b, mode='w') as t:
        i = tarfile.TarInfo('put'); i.size = 3; t.addfile(i, io.BytesIO(b'put'))
    assert x.put_archive('/', b.getvalue())
    assert x.get_archive('/put')[1]['size'] == 3
    assert [y.id for y in c.containers.list(filters={'label': 'made=' + name})] == [x.id]
    pause(x); x.unpause(); x.restart(timeout=0); x.stop(timeout=1)
finally:
    x.remove(force=True)
print('done with', docker.__version__)
`

func TestPythonsClientThroughTheRawTier(t *testing.T) {
	t.Parallel()
	f := newTools(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tool.py"), []byte(pythonScript), 0o600))
	for _, tcp := range []bool{false, true} {
		args := []string{"docker", "a", "--", "/usr/bin/python3", "tool.py", dockertest.Image, f.name}
		if tcp {
			args = slices.Insert(args, 1, "--tcp")
		}
		cmd := command(t, f.home, f.env, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "done with")
	}
}

// The socket is removed when the command ends. A signal is passed to the command, which decides how to react.
func TestWharfDockerLeavesNothing(t *testing.T) {
	t.Parallel()
	f := newTools(t)
	run := t.TempDir()
	f.env = append(f.env, "XDG_RUNTIME_DIR="+run)
	left := func() []string {
		found, err := filepath.Glob(filepath.Join(run, "*"))
		require.NoError(t, err)
		return found
	}
	out, code := f.through("", "", "sh", "-c", "stat -c %a ${DOCKER_HOST#unix://}; echo key:$WHARF_TOKEN; exit 9")
	require.Equal(t, 9, code)
	require.Equal(t, "600\nkey:\n", out)
	require.Empty(t, left())
	out, code = f.through("", "", "no-such-program")
	require.Equal(t, 125, code, out)
	out, code = f.through("", "", "sh", "-c", "kill -9 $$")
	require.Equal(t, 137, code, out)
	require.Empty(t, left())

	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt, syscall.SIGHUP} {
		for _, script := range []string{"", `trap 'exit 3' TERM INT HUP; echo ready; while :; do sleep 0.01; done`} {
			cmd := f.command("", "sh", "-c", script)
			want := 3
			if script == "" {
				cmd, want = command(t, f.home, f.env, "docker", "a"), 0
			}
			printed := new(output)
			cmd.Stdout = printed
			require.NoError(t, cmd.Start())
			require.Eventually(t, func() bool { return strings.Contains(printed.String(), "\n") }, time.Minute, time.Millisecond)
			if script == "" {
				require.Regexp(t, `^export DOCKER_HOST=unix://`+run+`/wharf-docker-\d+/docker.sock WHARF_DOCKER_PID=\d+\n$`, printed.String())
			}
			require.Len(t, left(), 1)
			require.NoError(t, cmd.Process.Signal(signal))
			require.Equal(t, want, exitCode(t, cmd.Wait()), "%s %q", signal, script)
			require.Empty(t, left(), "%s %q", signal, script)
		}
	}
}

func TestWharfDockerSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	f := newTools(t)
	for _, c := range []struct {
		env  []string
		args []string
		code int
		says string
	}{
		{nil, []string{"docker"}, 2, "see wharf docker --help"},
		{nil, []string{"docker", "nowhere", "--", "true"}, 5, "unknown host"},
		{[]string{"WHARF_URL=" + f.url, "WHARF_TOKEN=wharf_none"}, []string{"docker", "a", "--", "true"}, 3, "log in"},
		{[]string{"WHARF_URL=http://127.0.0.1:1", "WHARF_TOKEN=x"}, []string{"docker", "a", "--", "true"}, 6, "can't reach the server"},
	} {
		_, errs, code := f.runIn(c.env, c.args...)
		require.Equal(t, c.code, code, "%v: %s", c.args, errs)
		require.Contains(t, errs, c.says, "%v", c.args)
	}
	// A login's key isn't allowed in the raw tier, and the error names the scope that is missing.
	var out bytes.Buffer
	cmd := command(t, f.home, []string{"DOCKER_BUILDKIT=0"}, "docker", "a", "--", "docker", "volume", "ls")
	cmd.Stderr = &out
	require.Error(t, cmd.Run())
	require.Contains(t, out.String(), "scope docker")
}

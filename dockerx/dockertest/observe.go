package dockertest

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
	"github.com/stretchr/testify/require"
)

// Inspect is the engine's own answer about a container.
func (e Engine) Inspect(t testing.TB, id string) container.InspectResponse {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	found, err := e.client.ContainerInspect(ctx, id)
	require.NoError(t, err, "inspect %s on %s", id, e.Name)
	return found
}

// State is the engine's word for how the container is: "running", "exited", "paused", "restarting".
func (e Engine) State(t testing.TB, id string) string {
	t.Helper()
	return e.Inspect(t, id).State.Status
}

// AwaitState waits until the container is in that state.
func (e Engine) AwaitState(t testing.TB, id, state string) {
	t.Helper()
	require.Eventually(t, func() bool { return e.State(t, id) == state },
		time.Minute, 20*time.Millisecond, "container %s on %s becomes %s", id, e.Name, state)
}

// AwaitLog waits until the container has written the text, as the app does when its load stands
// ("allocated", "cached", "listening on", "sent").
func (e Engine) AwaitLog(t testing.TB, id, text string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(e.Logs(t, id), text) },
		time.Minute, 20*time.Millisecond, "container %s on %s says %q", id, e.Name, text)
}

// Logs returns what the container has written so far to both of its outputs.
func (e Engine) Logs(t testing.TB, id string) string {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	stream, err := e.client.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true})
	require.NoError(t, err, "logs of %s on %s", id, e.Name)
	defer stream.Close()
	raw, err := io.ReadAll(stream)
	require.NoError(t, err, "logs of %s on %s", id, e.Name)
	if e.Inspect(t, id).Config.Tty {
		return string(raw) // a terminal's output comes without frames
	}
	var out bytes.Buffer
	_, err = stdcopy.StdCopy(&out, &out, bytes.NewReader(raw))
	require.NoError(t, err, "logs of %s on %s", id, e.Name)
	return out.String()
}

// AwaitExit waits until the container has ended and returns its exit code.
func (e Engine) AwaitExit(t testing.TB, id string) int {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	ended, failed := e.client.ContainerWait(ctx, id, container.WaitConditionNotRunning)
	select {
	case r := <-ended:
		return int(r.StatusCode)
	case err := <-failed:
		require.NoError(t, err, "wait for %s on %s", id, e.Name)
	}
	return -1
}

// PrepareExec makes a command of Image inside a running container, with its standard input attached, and returns the id of
// the exec.
func (e Engine) PrepareExec(t testing.TB, id string, command ...string) string {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	made, err := e.client.ContainerExecCreate(ctx, id, container.ExecOptions{
		Cmd: append([]string{"/app"}, command...), AttachStdin: true, AttachStdout: true, AttachStderr: true,
	})
	require.NoError(t, err, "exec in %s on %s", id, e.Name)
	return made.ID
}

// StartExec starts an exec of PrepareExec, and returns its input and, in the engine's frames, its output until the test's end.
func (e Engine) StartExec(t testing.TB, id string) (in io.Writer, out *bufio.Reader) {
	t.Helper()
	conn, err := e.client.ContainerExecAttach(context.WithoutCancel(t.Context()), id, container.ExecAttachOptions{})
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	return conn.Conn, conn.Reader
}

// Exec runs one of the app's commands inside the container and waits for its exit code.
func (e Engine) Exec(t testing.TB, id string, cmd ...string) int {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	created, err := e.client.ContainerExecCreate(ctx, id, container.ExecOptions{Cmd: append([]string{"/app"}, cmd...)})
	require.NoError(t, err)
	require.NoError(t, e.client.ContainerExecStart(ctx, created.ID, container.ExecStartOptions{Detach: true}))
	code := -1
	require.Eventually(t, func() bool { return e.execEnded(ctx, created.ID, &code) }, time.Minute, 20*time.Millisecond)
	return code
}

func (e Engine) execEnded(ctx context.Context, id string, code *int) bool {
	found, err := e.client.ContainerExecInspect(ctx, id)
	*code = found.ExitCode
	return err == nil && !found.Running
}

// Podman tells whether the engine is Podman, which in some answers differs: docs/engines.md.
func (e Engine) Podman(t testing.TB) bool {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	v, err := e.client.ServerVersion(ctx)
	require.NoError(t, err, "version of %s", e.Name)
	return slices.ContainsFunc(v.Components, func(c types.ComponentVersion) bool { return strings.HasPrefix(c.Name, "Podman") })
}

// Version is the engine's version and its newest API's, "20.10.24" and "1.41".
func (e Engine) Version(t testing.TB) (engine, api string) {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	v, err := e.client.ServerVersion(ctx)
	require.NoError(t, err, "version of %s", e.Name)
	return v.Version, v.APIVersion
}

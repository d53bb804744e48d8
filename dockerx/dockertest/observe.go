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

// Inspect returns the engine's answer to an inspect of a container.
func (e Engine) Inspect(t testing.TB, id string) container.InspectResponse {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	found, err := e.client.ContainerInspect(ctx, id)
	require.NoError(t, err, "inspect %s on %s", id, e.Name)
	return found
}

// State returns the container's state: "running", "exited", "paused", "restarting".
func (e Engine) State(t testing.TB, id string) string {
	t.Helper()
	return e.Inspect(t, id).State.Status
}

// AwaitState waits until the container is in a state.
func (e Engine) AwaitState(t testing.TB, id, state string) {
	t.Helper()
	require.Eventually(t, func() bool { return e.State(t, id) == state },
		time.Minute, 20*time.Millisecond, "container %s on %s becomes %s", id, e.Name, state)
}

// AwaitLog waits until the container has written the text. The app writes one when its load is established ("allocated",
// "cached", "listening on", "sent").
func (e Engine) AwaitLog(t testing.TB, id, text string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(e.Logs(t, id), text) },
		time.Minute, 20*time.Millisecond, "container %s on %s says %q", id, e.Name, text)
}

// Logs returns the container's output so far, standard output and standard error.
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
		return string(raw) // the output of a TTY has no frames
	}
	var out bytes.Buffer
	_, err = stdcopy.StdCopy(&out, &out, bytes.NewReader(raw))
	require.NoError(t, err, "logs of %s on %s", id, e.Name)
	return out.String()
}

// AwaitExit waits until the container has exited, and returns its exit code.
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

// PrepareExec creates an exec of one of the app's commands in a running container, with standard input, and returns its id. It
// doesn't start it.
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

// StartExec starts an exec of PrepareExec, and returns its input and its output, which comes in the engine's frames. The
// connection is closed when the test ends.
func (e Engine) StartExec(t testing.TB, id string) (in io.Writer, out *bufio.Reader) {
	t.Helper()
	conn, err := e.client.ContainerExecAttach(context.WithoutCancel(t.Context()), id, container.ExecAttachOptions{})
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	return conn.Conn, conn.Reader
}

// Exec runs one of the app's commands in the container and returns its exit code.
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

// Podman reports whether the engine is Podman. docs/engines.md lists how its answers differ.
func (e Engine) Podman(t testing.TB) bool {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	v, err := e.client.ServerVersion(ctx)
	require.NoError(t, err, "version of %s", e.Name)
	return slices.ContainsFunc(v.Components, func(c types.ComponentVersion) bool { return strings.HasPrefix(c.Name, "Podman") })
}

// Version returns the engine's version and its newest API version, for example "20.10.24" and "1.41".
func (e Engine) Version(t testing.TB) (engine, api string) {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	v, err := e.client.ServerVersion(ctx)
	require.NoError(t, err, "version of %s", e.Name)
	return v.Version, v.APIVersion
}

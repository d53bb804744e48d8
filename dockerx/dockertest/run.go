package dockertest

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/stretchr/testify/require"
)

// Run creates a container, connects it to its networks, starts it unless Created is set, and returns the full id. The container
// and its anonymous volumes are removed when the test ends.
func (e Engine) Run(t testing.TB, s Spec) string {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	config, host := s.config(t)
	if s.Name == "" {
		s.Name = unique("wharf-test")
	}
	created, err := e.client.ContainerCreate(ctx, config, host, nil, nil, s.Name)
	require.NoError(t, err, "create container %s on %s", s.Name, e.Name)
	t.Cleanup(func() { e.remove(t, created.ID) })
	// In API 1.41, a create request takes only one network.
	for _, n := range s.Networks[min(1, len(s.Networks)):] {
		require.NoError(t, e.client.NetworkConnect(ctx, n, created.ID, &network.EndpointSettings{}))
	}
	if !s.Created {
		e.Start(t, created.ID)
	}
	return created.ID
}

// unique returns the name with a random suffix.
func unique(name string) string { return name + "-" + strings.ToLower(rand.Text()[:8]) }

// Start starts a container. It has no effect on a running one.
func (e Engine) Start(t testing.TB, id string) {
	t.Helper()
	e.do(t, "start", id, func(ctx context.Context) error {
		return e.client.ContainerStart(ctx, id, container.StartOptions{})
	})
}

// Stop stops a container, and kills it after a second.
func (e Engine) Stop(t testing.TB, id string) {
	t.Helper()
	second := 1
	e.do(t, "stop", id, func(ctx context.Context) error {
		return e.client.ContainerStop(ctx, id, container.StopOptions{Timeout: &second})
	})
}

// BeginStop starts stopping a container, to be killed after so many seconds. It returns when the engine has sent the stop signal.
// ended waits for the engine's answer.
func (e Engine) BeginStop(t testing.TB, id string, seconds int) (ended func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	t.Cleanup(cancel)
	signalled, _ := e.client.Events(ctx, events.ListOptions{Filters: filters.NewArgs(filters.Arg("container", id), filters.Arg("event", "kill"))})
	answer := make(chan error, 1)
	go func() { answer <- e.client.ContainerStop(ctx, id, container.StopOptions{Timeout: &seconds}) }()
	select {
	case <-signalled:
	case err := <-answer:
		require.NoError(t, err)
		t.Fatal("the container ended at once")
	}
	return func() { require.NoError(t, <-answer) }
}

// Restart restarts a container, and kills it after a second.
func (e Engine) Restart(t testing.TB, id string) {
	t.Helper()
	second := 1
	e.do(t, "restart", id, func(ctx context.Context) error {
		return e.client.ContainerRestart(ctx, id, container.StopOptions{Timeout: &second})
	})
}

// Kill sends a signal, such as "KILL" or "TERM", to a container.
func (e Engine) Kill(t testing.TB, id, signal string) {
	t.Helper()
	e.do(t, "kill", id, func(ctx context.Context) error { return e.client.ContainerKill(ctx, id, signal) })
}

// Pause pauses a container. It is removed when the test ends, even if it is still paused.
func (e Engine) Pause(t testing.TB, id string) {
	t.Helper()
	e.do(t, "pause", id, func(ctx context.Context) error {
		err := e.client.ContainerPause(ctx, id)
		for err != nil && GaveUpFreezing(err.Error()) {
			err = e.client.ContainerPause(ctx, id)
		}
		return err
	})
}

// GaveUpFreezing reports whether an engine's error message means that pausing failed but may succeed when tried again: with
// cgroup v1, runc checks a thousand times whether all processes are frozen, which is too short on a busy machine.
func GaveUpFreezing(words string) bool { return strings.Contains(words, "unable to freeze") }

// PythonPause is the source of a function pause(x) for Docker's Python library. It tries again if GaveUpFreezing would be true.
const PythonPause = `
def pause(x):
    try:
        x.pause()
    except docker.errors.APIError as e:
        if "unable to freeze" not in str(e):
            raise
        pause(x)
`

// Unpause unpauses a container.
func (e Engine) Unpause(t testing.TB, id string) {
	t.Helper()
	e.do(t, "unpause", id, func(ctx context.Context) error { return e.client.ContainerUnpause(ctx, id) })
}

// Rename renames a container.
func (e Engine) Rename(t testing.TB, id, name string) {
	t.Helper()
	e.do(t, "rename", id, func(ctx context.Context) error { return e.client.ContainerRename(ctx, id, name) })
}

// Remove removes a container before the test ends.
func (e Engine) Remove(t testing.TB, id string) {
	t.Helper()
	e.remove(t, id)
}

// RemoveImage removes an image and its untagged parents, if it exists.
func (e Engine) RemoveImage(t testing.TB, name string) {
	t.Helper()
	e.do(t, "remove image", name, func(ctx context.Context) error {
		_, err := e.client.ImageRemove(ctx, name, image.RemoveOptions{Force: true, PruneChildren: true})
		if errdefs.IsNotFound(err) {
			return nil
		}
		return err
	})
}

func (e Engine) do(t testing.TB, what, id string, call func(context.Context) error) {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	require.NoError(t, call(ctx), "%s %s on %s", what, id, e.Name)
}

// remove removes a container. It retries for a while, since an engine refuses while the container is being removed already.
func (e Engine) remove(t testing.TB, id string) {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	for {
		err := e.client.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
		if err == nil || errdefs.IsNotFound(err) {
			return
		}
		select {
		case <-ctx.Done():
			t.Errorf("remove container %s on %s: %v", id, e.Name, err)
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// AddShell adds a minimal shell, sh, to a container, in the image's PATH. It has a prompt, echo and exit.
func (e Engine) AddShell(t testing.TB, id string) {
	t.Helper()
	var link bytes.Buffer
	files := tar.NewWriter(&link)
	require.NoError(t, files.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "sh", Linkname: "/app", Mode: 0o777}))
	require.NoError(t, files.Close())
	e.do(t, "add a shell to", id, func(ctx context.Context) error {
		return e.client.CopyToContainer(ctx, id, "/", &link, container.CopyToContainerOptions{})
	})
}

// Labelled returns the containers that have a label, running or not.
func (e Engine) Labelled(t testing.TB, label string) []container.Summary {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	all, err := e.client.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", label))})
	require.NoError(t, err)
	return all
}

// RemoveLabelled removes the containers that have a label when the test ends.
func (e Engine) RemoveLabelled(t testing.TB, label string) {
	t.Helper()
	t.Cleanup(func() {
		for _, c := range e.Labelled(t, label) {
			e.remove(t, c.ID)
		}
	})
}

// RemoveAfter removes a container that Run didn't create when the test ends.
func (e Engine) RemoveAfter(t testing.TB, id string) {
	t.Helper()
	t.Cleanup(func() { e.remove(t, id) })
}

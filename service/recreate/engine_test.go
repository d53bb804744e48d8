package recreate

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/dockerx/operations"
	"wharf/util/apperr"
)

// onEngine returns a fixture on a real engine.
func onEngine(t *testing.T, e dockertest.Engine) *fixture {
	t.Helper()
	return setup(t, dbtest.Open(t, dbtest.SQLiteSource(t)), dockerx.HostConfig{Name: "a", Addr: e.Addr, CertDir: e.CertDir})
}

// atStep calls do once, when a step begins.
func (f *fixture) atStep(step string, do func()) {
	var once sync.Once
	f.opts.Logger = zerolog.New(writer(func(line []byte) {
		if bytes.Contains(line, []byte(`"step":"`+step+`"`)) && bytes.Contains(line, []byte("step begins")) {
			once.Do(do)
		}
	}))
}

type writer func([]byte)

func (w writer) Write(line []byte) (int, error) { w(line); return len(line), nil }

// named creates a container. It, or its successor, is removed at the end of the test.
func named(t *testing.T, e dockertest.Engine, s dockertest.Spec) (id, label string) {
	t.Helper()
	label = strings.ToLower("wharf-recreate-" + strings.ReplaceAll(t.Name(), "/", "-"))
	if s.Labels == nil {
		s.Labels = map[string]string{}
	}
	s.Labels[label] = ""
	e.RemoveLabelled(t, label)
	return e.Run(t, s), label
}

// requireOld requires that only the old container exists, unchanged.
func requireOld(t *testing.T, e dockertest.Engine, label, id, name, policy string) {
	t.Helper()
	all := e.Labelled(t, label)
	require.Len(t, all, 1)
	require.Equal(t, id, all[0].ID)
	require.Equal(t, []string{name}, all[0].Names)
	require.Equal(t, "running", all[0].State)
	require.Equal(t, policy, string(e.Inspect(t, id).HostConfig.RestartPolicy.Name))
}

// Values from the old image are replaced by those of the new image. Values from the user and anonymous volumes are kept.
func TestImageThatMovedBringsItsOwnValues(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	f := onEngine(t, e)
	image := "wharf-moves:" + strings.ToLower(t.Name()[:8])
	e.Commit(t, image, "ENV VERSION=1 THEIRS=image", "LABEL version=1", "LABEL theirs=image", "WORKDIR /tmp", "VOLUME /data", "EXPOSE 80", `CMD ["sleep"]`)
	id, label := named(t, e, dockertest.Spec{Image: image, Env: []string{"THEIRS=own", "OWN=1"}, Labels: map[string]string{"theirs": "own"}})
	volume := e.Inspect(t, id).Mounts[0].Name
	next := e.Commit(t, image, "ENV VERSION=2 THEIRS=image2", "LABEL version=2", "WORKDIR /", "VOLUME /other", "EXPOSE 81", `CMD ["sleep", "2h"]`)
	result, err := f.recreate(t, id, operations.Operation{})
	require.NoError(t, err)
	got := e.Inspect(t, result.NewID)
	require.Equal(t, next, got.Image)
	require.Subset(t, got.Config.Env, []string{"VERSION=2", "THEIRS=own", "OWN=1"})
	require.NotContains(t, got.Config.Env, "VERSION=1")
	require.Equal(t, map[string]string{"version": "2", "theirs": "own", label: ""}, got.Config.Labels)
	require.Equal(t, "/", got.Config.WorkingDir)
	require.Equal(t, []string{"sleep", "2h"}, []string(got.Config.Cmd))
	require.Len(t, got.Config.ExposedPorts, 1)
	names := map[string]string{}
	for _, m := range got.Mounts {
		names[m.Destination] = m.Name
	}
	require.Equal(t, volume, names["/data"], "the anonymous volume is the same")
	require.NotEmpty(t, names["/other"])
	require.Len(t, e.Labelled(t, label), 1)
}

// If the new container doesn't start, the old one is restored, and the error has the engine's message.
func TestNewContainerThatFailsGivesWayToTheOld(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	for name, c := range map[string]struct {
		changes []string
		o       operations.Operation
		says    string
	}{
		"no such program": {[]string{`ENTRYPOINT ["/nothing"]`}, operations.Operation{}, "cannot start the new container: Error response from daemon:"},
		"unhealthy": {
			[]string{`HEALTHCHECK --interval=1s --retries=1 CMD ["/app", "exit", "1"]`},
			operations.Operation{Limit: 4 * time.Second},
			"cannot see the new container: it is not healthy: running, unhealthy",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := onEngine(t, e)
			image := "wharf-fails:" + strings.ReplaceAll(name, " ", "-")
			e.Commit(t, image, `CMD ["sleep"]`)
			id, label := named(t, e, dockertest.Spec{Image: image, Restart: "always"})
			was := e.Inspect(t, id).Name
			e.Commit(t, image, c.changes...)
			_, err := f.recreate(t, id, c.o)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "; the old container is as it was")
			requireOld(t, e, label, id, was, "always")
			require.Zero(t, f.left(t))
		})
	}
}

// If another container takes the port in the meantime, neither the new nor the old container can start. Wharf keeps trying
// until the port is free.
func TestOldContainerComesBackOnceItsPortIsFree(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	f := onEngine(t, e)
	port := "127.0.0.1:47083:80"
	id, label := named(t, e, dockertest.Spec{Ports: []string{port}, Restart: "unless-stopped"})
	was := e.Inspect(t, id).Name
	var thief string
	f.atStep("start", func() { thief = e.Run(t, dockertest.Spec{Ports: []string{port}}) })
	_, err := f.recreate(t, id, operations.Operation{})
	require.ErrorContains(t, err, "cannot start the new container: Error response from daemon:")
	require.ErrorContains(t, err, "the old container is not back yet: wharf goes on trying")
	require.Equal(t, 1, f.left(t))
	e.Remove(t, thief)
	f.runToEnd(t)
	requireOld(t, e, label, id, was, "unless-stopped")
}

// If the engine dies during a recreation, the old container is restored when the engine is back.
func TestOldContainerComesBackWithItsEngine(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"create", "stop", "rename new", "start"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			own := dockertest.NewOwnEngine(t)
			f := onEngine(t, own.Engine)
			id, label := named(t, own.Engine, dockertest.Spec{Restart: "always"})
			was := own.Inspect(t, id).Name
			f.atStep(step, func() { own.KillEngine(t) })
			_, err := f.recreate(t, id, operations.Operation{})
			require.Equal(t, apperr.Unavailable, apperr.KindOf(err), "%v", err)
			require.ErrorContains(t, err, "cannot reach the Docker daemon")
			own.StartEngine(t)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- f.Run(ctx) }()
			require.Eventually(t, func() bool {
				all := own.Labelled(t, label)
				return len(all) == 1 && all[0].State == "running" && all[0].Names[0] == was
			}, 2*time.Minute, 50*time.Millisecond)
			cancel()
			require.NoError(t, <-done)
			require.Equal(t, "always", string(own.Inspect(t, id).HostConfig.RestartPolicy.Name))
		})
	}
}

// A stop that is still under way at the engine when wharf ends doesn't end the restored container.
func TestOldContainerOutlivesAStopThatIsUnderWay(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	f := onEngine(t, e)
	id, label := named(t, e, dockertest.Spec{Cmd: []string{"ignore-term"}, Restart: "always"})
	e.AwaitLog(t, id, "ignoring SIGTERM")
	name := e.Inspect(t, id).Name
	next := e.Run(t, dockertest.Spec{Name: "new-" + label, Labels: map[string]string{label: ""}, Created: true})
	f.enter(t, name[1:], id, "stop", state{OldName: "old-" + label, NewName: "new-" + label, New: next, Running: true, Restart: "always"})
	ended := e.BeginStop(t, id, 2)
	f.runToEnd(t)
	ended()
	requireOld(t, e, label, id, name, "always")
}

func TestImageIsPulledFirst(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	f := onEngine(t, e)
	registry := dockertest.NewRegistry(t, dockertest.RegistryOptions{})
	image := registry.Addr + "/shop:1"
	e.Commit(t, image)
	id, label := named(t, e, dockertest.Spec{Image: image, Cmd: []string{"sleep", "1h"}, Created: true})
	old := e.Inspect(t, id).Image
	_, err := f.recreate(t, id, operations.Operation{Params: operations.Recreate{Pull: true}})
	require.ErrorContains(t, err, "cannot pull the image: cannot pull "+image+": the registry has no such image")
	require.Equal(t, apperr.Conflict, apperr.KindOf(err), "the container is there")
	require.Equal(t, id, e.Labelled(t, label)[0].ID)

	registry.Push(t, e, "shop:1", []byte("two"))
	result, err := f.recreate(t, id, operations.Operation{Params: operations.Recreate{Pull: true}})
	require.NoError(t, err)
	require.Equal(t, "created", result.After.Status)
	require.NotEqual(t, old, e.Inspect(t, result.NewID).Image)
	require.Equal(t, image, e.Inspect(t, result.NewID).Config.Image)
}

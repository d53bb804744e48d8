package recreate

import (
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/dockerx/images"
	"wharf/dockerx/operations"
	"wharf/util/apperr"
)

// If the engine's disk is full, the error is clear, the old container is unchanged, and nothing else is left.
func TestFullDiskLeavesTheOldContainerAsItWas(t *testing.T) {
	t.Parallel()
	e, own := dockertest.DefaultEngine(t), dockertest.NewSmallEngine(t, 32)
	f := onEngine(t, own.Engine)
	registry := dockertest.NewRegistry(t, dockertest.RegistryOptions{})
	image := registry.Addr + "/shop:1"
	ref, err := images.ParseRef(image)
	require.NoError(t, err)
	release := func(changes ...string) { // releases a new version of the image
		t.Helper()
		e.Commit(t, image, append(changes, `CMD ["sleep"]`)...)
		registry.PushImage(t, e, image)
	}
	release("LABEL version=1")
	_, err = f.host.Pull(t.Context(), ref, "", nil)
	require.NoError(t, err)
	id, label := named(t, own.Engine, dockertest.Spec{Image: image, Restart: "always"})
	was, before := own.Inspect(t, id), own.Images(t)
	update := operations.Operation{Params: operations.Recreate{Pull: true}}

	noise := make([]byte, 36<<20)
	_, _ = rand.Read(noise)
	for name, content := range map[string][]byte{"to download": noise, "to unpack": make([]byte, 64<<20)} {
		registry.Push(t, e, "shop:1", content)
		_, err = f.recreate(t, id, update)
		require.ErrorContains(t, err, "cannot pull the image: cannot pull "+image+": the host has no room for it", name)
		require.Equal(t, apperr.Daemon, apperr.KindOf(err))
		requireOld(t, own.Engine, label, id, was.Name, "always")
		require.Equal(t, was.State.StartedAt, own.Inspect(t, id).State.StartedAt, "it ran all the time")
		require.Equal(t, before, own.Images(t), "%s: nothing of the image is left", name)
		require.Zero(t, f.left(t))
	}

	filler := own.Run(t, dockertest.Spec{Cmd: []string{"cache", "1g"}})
	require.NotZero(t, own.AwaitExit(t, filler), "the disk is full")
	_, err = f.recreate(t, id, operations.Operation{})
	require.ErrorContains(t, err, "no space left on device")
	require.ErrorContains(t, err, "; the old container is as it was")
	requireOld(t, own.Engine, label, id, was.Name, "always")
	require.Equal(t, was.State.StartedAt, own.Inspect(t, id).State.StartedAt)
	require.Zero(t, f.left(t))

	own.Remove(t, filler)
	release("LABEL version=2")
	result, err := f.recreate(t, id, update)
	require.NoError(t, err, "there is room again")
	require.Equal(t, "2", own.Inspect(t, result.NewID).Config.Labels["version"])
}

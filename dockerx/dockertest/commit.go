package dockertest

import (
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/stretchr/testify/require"
)

// Commit creates an image for the test: Image with these changes, which are Dockerfile instructions. If another image has the
// name, the name moves to the new one, as after a pull. The image is removed when the test ends.
func (e Engine) Commit(t testing.TB, name string, changes ...string) (id string) {
	t.Helper()
	from := e.Run(t, Spec{Created: true})
	ctx, cancel := deadline()
	defer cancel()
	made, err := e.client.ContainerCommit(ctx, from, container.CommitOptions{Reference: name, Changes: changes})
	require.NoError(t, err, "commit %s on %s", name, e.Name)
	t.Cleanup(func() { e.dropImage(name); e.dropImage(made.ID) })
	return made.ID
}

// dropImage removes an image, if it exists and nothing uses it.
func (e Engine) dropImage(name string) {
	ctx, cancel := deadline()
	defer cancel()
	_, _ = e.client.ImageRemove(ctx, name, image.RemoveOptions{Force: true, PruneChildren: true})
}

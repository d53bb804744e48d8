package dockertest

import (
	"archive/tar"
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/stretchr/testify/require"
)

// Push creates an image that contains one file with this content, and pushes it to the registry under a name such as "app:1".
// The image is created on e and removed there afterwards. Push returns the full name.
func (r *Registry) Push(t testing.TB, e Engine, name string, content []byte) string {
	t.Helper()
	whole := r.Addr + "/" + name
	e.ImportImage(t, whole, content)
	r.PushImage(t, e, whole)
	e.RemoveImage(t, whole)
	return whole
}

// PushOver moves a name in the registry to a new image with this content. On the engine, the name keeps its image.
func (r *Registry) PushOver(t testing.TB, e Engine, name string, content []byte) {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	whole := r.Addr + "/" + name
	before, err := e.client.ImageInspect(ctx, whole)
	require.NoError(t, err)
	e.ImportImage(t, whole, content)
	r.PushImage(t, e, whole)
	require.NoError(t, e.client.ImageTag(ctx, before.ID, whole))
}

// PushImage pushes an image to the registry. The engine must have it under its full name.
func (r *Registry) PushImage(t testing.TB, e Engine, whole string) {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	body, err := e.client.ImagePush(ctx, whole, image.PushOptions{RegistryAuth: r.Login()})
	require.NoError(t, err)
	answer, err := io.ReadAll(body)
	require.NoError(t, err)
	_ = body.Close()
	require.NotContains(t, string(answer), `"error"`, "push %s", whole)
}

// ImportImage creates an image that contains one file with this content. It is removed when the test ends.
func (e Engine) ImportImage(t testing.TB, name string, content []byte) {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "content", Mode: 0o644, Size: int64(len(content))}))
	_, err := w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	body, err := e.client.ImageImport(ctx, image.ImportSource{Source: &archive, SourceName: "-"}, name, image.ImportOptions{})
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, body)
	require.NoError(t, err)
	_ = body.Close()
	t.Cleanup(func() { e.RemoveImage(t, name) })
}

// Images returns the ids of all the engine's images, including those without a name, sorted.
func (e Engine) Images(t testing.TB) []string {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	all, err := e.client.ImageList(ctx, image.ListOptions{All: true})
	require.NoError(t, err)
	ids := make([]string, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	slices.Sort(ids)
	return ids
}

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

// Push makes an image of the test's own on an engine, with a file of these bytes in it, pushes it into the registry under
// name ("app:1"), removes it from the engine, and returns its whole name.
func (r *Registry) Push(t testing.TB, e Engine, name string, content []byte) string {
	t.Helper()
	whole := r.Addr + "/" + name
	e.ImportImage(t, whole, content)
	r.PushImage(t, e, whole)
	e.RemoveImage(t, whole)
	return whole
}

// PushOver moves a name in the registry to an image of these bytes. What the name means on the engine stays.
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

// PushImage pushes an image that an engine has under its whole name in the registry.
func (r *Registry) PushImage(t testing.TB, e Engine, whole string) {
	t.Helper()
	ctx, cancel := deadline()
	defer cancel()
	body, err := e.client.ImagePush(ctx, whole, image.PushOptions{RegistryAuth: r.Login()})
	require.NoError(t, err)
	said, err := io.ReadAll(body)
	require.NoError(t, err)
	_ = body.Close()
	require.NotContains(t, string(said), `"error"`, "push %s", whole)
}

// ImportImage makes an image whose file system is one file of these bytes. It is removed with the test.
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

// Images returns the ids of all images that an engine has, those without a name too, in order.
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

package dockertest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FakeRegistry is a registry with one image, which every tag of "app" names. It does what a real registry doesn't do on demand.
// Its fields must be set before the first request.
type FakeRegistry struct {
	Addr string // the address for engines
	// Architecture is the image's. NewFakeRegistry sets amd64.
	Architecture string
	// List serves the manifest through a manifest list, as for images of several platforms.
	List bool
	// Fault may answer a request itself; then it returns true.
	Fault func(w http.ResponseWriter, r *http.Request) bool

	layer, ended []byte
	closed       chan struct{}
}

// NewFakeRegistry starts a registry whose image has one layer of about size random bytes. It stops when the test ends.
func NewFakeRegistry(t testing.TB, size int) *FakeRegistry {
	t.Helper()
	f := &FakeRegistry{Architecture: "amd64", closed: make(chan struct{})}
	content := make([]byte, size)
	_, _ = rand.Read(content)
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "content", Mode: 0o644, Size: int64(size)}))
	_, err := w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	f.ended = plain.Bytes()
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	_, err = z.Write(f.ended)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	f.layer = packed.Bytes()
	server := httptest.NewServer(f)
	t.Cleanup(func() {
		close(f.closed)
		server.CloseClientConnections()
		server.Close()
	})
	f.Addr = Forward(t, "tcp", server.Listener.Addr().String())
	return f
}

// Image returns the full name of a tag.
func (f *FakeRegistry) Image(tag string) string { return f.Addr + "/app:" + tag }

// Hang never answers. It returns when the client disconnects or the test ends.
func (f *FakeRegistry) Hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-f.closed:
	}
}

// HalfLayer sends only the first half of the layer.
func (f *FakeRegistry) HalfLayer(w http.ResponseWriter) {
	w.Header().Set("Content-Length", fmt.Sprint(len(f.layer)))
	_, _ = w.Write(f.layer[:len(f.layer)/2])
	_ = http.NewResponseController(w).Flush()
}

// IsLayer reports whether a request asks for the layer.
func (f *FakeRegistry) IsLayer(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, digest(f.layer))
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (f *FakeRegistry) config() []byte {
	content, _ := json.Marshal(map[string]any{
		"architecture": f.Architecture, "os": "linux", "config": map[string]any{"Cmd": []string{"/content"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(f.ended)}},
	})
	return content
}

const manifestType = "application/vnd.docker.distribution.manifest.v2+json"

func (f *FakeRegistry) manifest() []byte {
	part := func(kind string, content []byte) map[string]any {
		return map[string]any{"mediaType": "application/vnd.docker." + kind, "size": len(content), "digest": digest(content)}
	}
	content, _ := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": manifestType, "config": part("container.image.v1+json", f.config()),
		"layers": []any{part("image.rootfs.diff.tar.gzip", f.layer)},
	})
	return content
}

// ServeHTTP implements the part of the registry's API that pulls use.
func (f *FakeRegistry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.Fault != nil && f.Fault(w, r) {
		return
	}
	_, last, _ := strings.Cut(r.URL.Path, "/v2/app/")
	switch manifest := f.manifest(); {
	case r.URL.Path == "/v2/":
		_, _ = w.Write([]byte("{}"))
	case last == "manifests/"+digest(manifest), strings.HasPrefix(last, "manifests/") && !f.List:
		f.serveManifest(w, r, manifestType, manifest)
	case strings.HasPrefix(last, "manifests/"):
		list, _ := json.Marshal(map[string]any{
			"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",
			"manifests": []any{map[string]any{
				"mediaType": manifestType, "size": len(manifest), "digest": digest(manifest),
				"platform": map[string]any{"architecture": f.Architecture, "os": "linux"},
			}},
		})
		f.serveManifest(w, r, "application/vnd.docker.distribution.manifest.list.v2+json", list)
	case last == "blobs/"+digest(f.config()):
		_, _ = w.Write(f.config())
	case last == "blobs/"+digest(f.layer):
		_, _ = w.Write(f.layer)
	default:
		RegistryError(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
	}
}

func (f *FakeRegistry) serveManifest(w http.ResponseWriter, r *http.Request, kind string, content []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Docker-Content-Digest", digest(content))
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(content)
	}
}

// RegistryError answers with an error as registries do.
func RegistryError(w http.ResponseWriter, status int, code, words string) {
	JSON(w, status, map[string]any{"errors": []any{map[string]any{"code": code, "message": words}}})
}

package benchdocker

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/scripts/benchkit"
)

// TestLoad compares docker load of a large image through the raw tier, with `wharf docker`, and directly on the engine, in turns.
// Meanwhile it records the server's memory.
func TestLoad(t *testing.T) {
	benchkit.Parallel(t)
	f := newFixture(t)
	key, err := f.client.AddKey(t.Context(), dto.NewAPIKey{Name: "tools", Role: "admin", Scope: "docker"})
	require.NoError(t, err)
	const image = "bench-docker-load:1"
	megabytes := benchkit.Size(5, 500)
	file := writeImage(t, image, megabytes)
	path, err := benchkit.Binary()
	require.NoError(t, err)
	load := func(through bool) time.Duration {
		cmd := f.docker(t, false, "load", "-q", "-i", file)
		if through {
			cmd = exec.CommandContext(t.Context(), path, "docker", "bench", "--", "docker", "--config", f.config+"-none", "load", "-q", "-i", file) //nolint:gosec // the arguments are ours
			cmd.Env = []string{"WHARF_URL=" + f.URL(), "WHARF_TOKEN=" + key.Key, "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
			cmd.Stderr = os.Stderr
		}
		began := time.Now()
		out, err := cmd.Output()
		took := time.Since(began)
		require.NoError(t, err)
		require.Contains(t, string(out), image)
		require.NoError(t, f.docker(t, false, "rmi", image).Run())
		t.Logf("through wharf %v: %s", through, took.Round(time.Millisecond))
		return took
	}
	load(true) // warm-up: the file is cached, and the server has done it once
	before := f.Resident("VmRSS")
	f.ResetPeak()
	took := map[bool][]time.Duration{}
	for range benchkit.Size(1, 3) {
		for _, through := range []bool{false, true} {
			took[through] = append(took[through], load(through))
		}
	}
	grown := max(f.Resident("VmHWM")-before, 0)
	slices.Sort(took[false])
	slices.Sort(took[true])
	direct, through := took[false][len(took[false])/2], took[true][len(took[true])/2]
	ratio := direct.Seconds() / through.Seconds()
	benchkit.Figure("docker load of an image, raw, throughput against directly, p50", "≥ 0.8× at 500 MB", "%.2f× (%.0f MB/s against %.0f MB/s)",
		ratio, float64(megabytes)/through.Seconds(), float64(megabytes)/direct.Seconds())
	benchkit.Within(t, ratio >= 0.8, "docker load through wharf takes too long")
	benchkit.Figure("the server's memory meanwhile, beyond what it had", "≤ 16 MiB", "%.1f MiB", float64(grown)/(1<<20))
	benchkit.Within(t, grown <= 16<<20, "the server's memory grows with an upload")
}

// writeImage writes an image with one incompressible layer, in the format of docker save.
func writeImage(t *testing.T, name string, megabytes int) (file string) {
	t.Helper()
	dir := t.TempDir()
	layer, err := os.Create(filepath.Join(dir, "layer"))
	require.NoError(t, err)
	sum := sha256.New()
	size := int64(megabytes) << 20
	w := tar.NewWriter(io.MultiWriter(layer, sum))
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "blob", Mode: 0o644, Size: size}))
	_, err = io.CopyN(w, rand.NewChaCha8([32]byte{1}), size)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux", "config": map[string]any{},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(sum.Sum(nil))}},
	})
	require.NoError(t, err)
	manifest, err := json.Marshal([]map[string]any{{"Config": "config.json", "RepoTags": []string{name}, "Layers": []string{"layer.tar"}}})
	require.NoError(t, err)

	out, err := os.Create(filepath.Join(dir, "image.tar"))
	require.NoError(t, err)
	image := tar.NewWriter(out)
	put := func(name string, size int64, r io.Reader) {
		require.NoError(t, image.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size}))
		_, err := io.Copy(image, r)
		require.NoError(t, err)
	}
	put("config.json", int64(len(config)), bytes.NewReader(config))
	put("manifest.json", int64(len(manifest)), bytes.NewReader(manifest))
	length, err := layer.Seek(0, io.SeekCurrent)
	require.NoError(t, err)
	_, err = layer.Seek(0, io.SeekStart)
	require.NoError(t, err)
	put("layer.tar", length, layer)
	require.NoError(t, image.Close())
	require.NoError(t, out.Close())
	require.NoError(t, layer.Close())
	require.NoError(t, os.Remove(layer.Name()))
	return out.Name()
}

// TestOurPs measures the processor time of a whole run of `wharf ps`.
func TestOurPs(t *testing.T) {
	benchkit.Parallel(t)
	f := newFixture(t)
	path, err := benchkit.Binary()
	require.NoError(t, err)
	var took []time.Duration
	for range benchkit.Size(3, 30) {
		cmd := exec.CommandContext(t.Context(), path, "ps") //nolint:gosec // the arguments are ours
		cmd.Env = []string{"WHARF_URL=" + f.URL(), "WHARF_TOKEN=" + f.key, "HOME=" + t.TempDir()}
		out, err := cmd.Output()
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(out), "HOST"))
		took = append(took, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	slices.Sort(took)
	median := took[len(took)/2]
	benchkit.Figure("wharf ps, processor time of the process, p50", "≤ 60 ms", "%.1f ms", ms(median))
	benchkit.Within(t, median <= 60*time.Millisecond, "wharf ps takes too much processor time")
}

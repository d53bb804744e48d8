package dockertest_test

import (
	"archive/tar"
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/build"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

// TestImageServesAsNobody builds the last stage of the Dockerfile, which needs no other image, from a static binary, and runs
// it as the image's user. That user can use the engine's socket through the socket's group.
func TestImageServesAsNobody(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	image := buildImage(t, e)
	socket, group := socketOf(t, e)
	id := e.Run(t, dockertest.Spec{
		Image: image, Ports: []string{"127.0.0.1::9083"}, Groups: []string{group},
		Mounts: []string{socket + ":/var/run/docker.sock"},
		Env:    []string{"AUTH_MODE=open", "ALLOW_OPEN_NETWORK=true", "DOCKER_HOSTS=local=unix:///var/run/docker.sock"},
	})
	require.Equal(t, "65532:65532", e.Inspect(t, id).Config.User)
	url := "http://127.0.0.1:" + e.Inspect(t, id).NetworkSettings.Ports["9083/tcp"][0].HostPort
	for _, path := range []string{"/healthz", "/readyz"} {
		require.Eventually(t, func() bool { status, _ := get(url + path); return status == http.StatusOK },
			time.Minute, 50*time.Millisecond, path)
	}
	require.Eventually(t, func() bool {
		_, body := get(url + "/ps2/local")
		return strings.Contains(body, id[:12])
	}, time.Minute, 50*time.Millisecond, "the list holds wharf's own container")
	e.Kill(t, id, "TERM")
	require.Equal(t, 0, e.AwaitExit(t, id), "SIGTERM ends wharf with 0; its log:\n%s", e.Logs(t, id))
}

func get(url string) (status int, body string) {
	client := http.Client{Transport: &http.Transport{DialContext: dockertest.Dial, DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	content, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(content)
}

// buildImage builds the image and returns its name. The image is removed when the test ends, after its containers.
func buildImage(t *testing.T, e dockertest.Engine) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "wharf")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, "wharf")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	name := "wharf-image-test:" + strconv.Itoa(os.Getpid())
	resp, err := e.Client().ImageBuild(t.Context(), buildContext(t, binary),
		build.ImageBuildOptions{Tags: []string{name}, Remove: true, ForceRemove: true})
	require.NoError(t, err)
	defer resp.Body.Close()
	words, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NotContains(t, string(words), `"error"`)
	t.Cleanup(func() { e.RemoveImage(t, name) })
	return name
}

// buildContext returns a build context with the last stage of the Dockerfile, and the files that it copies from the first stage
// or the repository.
func buildContext(t *testing.T, binary string) io.Reader {
	t.Helper()
	const root = "../.."
	dockerfile, err := os.ReadFile(root + "/Dockerfile")
	require.NoError(t, err)
	_, last, found := strings.Cut(string(dockerfile), "\nFROM scratch\n")
	require.True(t, found)
	last = strings.NewReplacer("--from=build /src/", "", "--from=build /etc/ssl/certs/", "").Replace(last)
	program, err := os.ReadFile(binary)
	require.NoError(t, err)

	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for name, content := range map[string]string{
		"Dockerfile": "FROM scratch\n" + last, "bin/wharf": string(program), "deploy/data/.keep": "", "ca-certificates.crt": "",
	} {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}))
		_, err := io.WriteString(w, content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return &buf
}

// socketOf returns the path of the engine's socket on the engine's machine, and the number of its group.
func socketOf(t *testing.T, e dockertest.Engine) (path, group string) {
	t.Helper()
	path = strings.TrimPrefix(e.Addr, "unix://")
	info, err := os.Stat(path)
	require.NoError(t, err)
	if runtime.GOOS != "linux" {
		// The engine runs in a virtual machine and mounts the socket of that machine, which belongs to root.
		return "/var/run/docker.sock", "0"
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	require.True(t, ok)
	return path, strconv.Itoa(int(stat.Gid))
}

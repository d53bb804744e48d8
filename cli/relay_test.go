package cli

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func echoPath(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.EscapedPath()) }

func TestSocketIsItsUsersAndGoneAtTheEnd(t *testing.T) {
	t.Parallel()
	r, err := openRelay(t.Context(), http.HandlerFunc(echoPath), false)
	require.NoError(t, err)
	path := strings.TrimPrefix(r.address, "unix://")
	for file, mode := range map[string]string{path: "Srw-------", filepath.Dir(path): "drwx------"} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().String())
	}
	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	require.Equal(t, "/v1.41/images/a%2Fb/json", get(t, c, "http://docker/v1.41/images/a%2Fb/json", http.StatusOK))
	r.close()
	require.NoDirExists(t, filepath.Dir(path))
	_, err = net.Dial("unix", path)
	require.Error(t, err)
}

func TestPortAnswersBelowItsSecretPathAlone(t *testing.T) {
	t.Parallel()
	r, err := openRelay(t.Context(), http.HandlerFunc(echoPath), true)
	require.NoError(t, err)
	defer r.close()
	base := "http" + strings.TrimPrefix(r.address, "tcp")
	require.Equal(t, "/v1.41/images/a%2Fb/json", get(t, http.DefaultClient, base+"/v1.41/images/a%2Fb/json", http.StatusOK))
	root := base[:strings.LastIndex(base, "/")]
	for _, path := range []string{"/_ping", "/", "", "/WRONG/_ping", "//_ping", base[len(root):] + "x/_ping"} {
		get(t, http.DefaultClient, root+path, http.StatusNotFound)
	}
	other, err := openRelay(t.Context(), http.HandlerFunc(echoPath), true)
	require.NoError(t, err)
	defer other.close()
	require.NotEqual(t, base[len(root):], other.address[strings.LastIndex(other.address, "/"):])
}

func get(t *testing.T, c *http.Client, url string, status int) string {
	t.Helper()
	resp, err := c.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, status, resp.StatusCode, url)
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(raw)
}

func TestCommandsGetNoKeyAndNoOtherEngine(t *testing.T) {
	t.Parallel()
	got := dockerEnvironment([]string{
		"PATH=/bin", "DOCKER_HOST=tcp://elsewhere", "DOCKER_CONTEXT=x", "DOCKER_TLS_VERIFY=1", "DOCKER_CERT_PATH=/x", "WHARF_TOKEN=secret",
		"WHARF_URL=http://wharf", "DOCKER_BUILDKIT=1",
	}, "unix:///here")
	require.Equal(t, []string{"PATH=/bin", "WHARF_URL=http://wharf", "DOCKER_BUILDKIT=1", "DOCKER_HOST=unix:///here"}, got)
}

// Package nginxtest starts a real nginx in tests, with the configuration in docs/deploy.md.
package nginxtest

import (
	"bytes"
	"context"
	"crypto/x509"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Nginx is a running nginx.
type Nginx struct {
	URL   string         // https://127.0.0.1:PORT
	Roots *x509.CertPool // contains its certificate
}

// Start starts nginx in front of upstreams, addresses such as "127.0.0.1:9083", until the test ends. The configuration is the block
// in docs/deploy.md; only the upstreams' addresses, the port and the paths of the certificate differ.
func Start(t testing.TB, upstreams ...string) *Nginx {
	t.Helper()
	if testing.Short() {
		t.Skip("needs nginx: left out by -short")
	}
	dir := t.TempDir()
	roots := writeCertificate(t, dir)
	socket, addr := listen(t)
	config := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(config, []byte(around(dir, block(t, dir, addr, upstreams))), 0o600))

	var output bytes.Buffer
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program(t), "-p", dir, "-c", config, "-e", "stderr")
	// nginx takes over the listener that this variable names. The port is bound already, so that no other process can take it and no
	// client can come too early.
	cmd.ExtraFiles = []*os.File{socket}
	cmd.Env = append(os.Environ(), "NGINX=3;")
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("nginx: %v\n%s", err, output.String())
		}
	})
	return &Nginx{URL: "https://" + addr, Roots: roots}
}

// program returns the path of nginx.
func program(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("WHARF_TEST_NGINX"); path != "" {
		return path
	}
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	require.Fail(t, "no nginx to test with: run scripts/install-nginx.sh, or set WHARF_TEST_NGINX to one")
	return ""
}

func listen(t testing.TB) (socket *os.File, addr string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	socket, err = l.(*net.TCPListener).File()
	require.NoError(t, err)
	require.NoError(t, l.Close())
	t.Cleanup(func() { _ = socket.Close() })
	return socket, l.Addr().String()
}

// around returns the rest of an nginx.conf around the block, like a distribution's.
func around(dir, block string) string {
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;\n" // the temporary directory belongs to root
	}
	temp := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += kind + "_temp_path " + dir + "/" + kind + ";\n"
	}
	return user + "daemon off;\npid " + dir + "/nginx.pid;\nevents { worker_connections 4096; }\nhttp {\naccess_log off;\n" +
		temp + block + "}\n"
}

var (
	shown   = regexp.MustCompile("(?s)```nginx\n(.*?)```")
	servers = regexp.MustCompile(`(?m)(?:^    server [0-9].*\n)+`)
)

// block returns the block of docs/deploy.md with the test's addresses.
func block(t testing.TB, dir, addr string, upstreams []string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root(t), "docs", "deploy.md"))
	require.NoError(t, err)
	found := shown.FindAllStringSubmatch(string(page), -1)
	require.Len(t, found, 1, "docs/deploy.md shows one configuration of nginx")
	config := found[0][1]

	lines := make([]string, len(upstreams))
	for i, upstream := range upstreams {
		lines[i] = "    server " + upstream + ";"
	}
	all := servers.FindString(config)
	config = replaceFirst(t, config, all, strings.Join(lines, "\n")+"\n")
	config = replaceFirst(t, config, "listen 443 ", "listen "+addr+" ")
	config = replaceFirst(t, config, "/etc/ssl/wharf.pem", filepath.Join(dir, "wharf.pem"))
	return replaceFirst(t, config, "/etc/ssl/wharf.key", filepath.Join(dir, "wharf.key"))
}

func replaceFirst(t testing.TB, text, old, replacement string) string {
	t.Helper()
	require.NotEmpty(t, old, "the block of docs/deploy.md has lost a line")
	require.Contains(t, text, old, "the block of docs/deploy.md")
	return strings.Replace(text, old, replacement, 1)
}

// root returns the module's directory, a parent of the test's.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		require.NotEqual(t, parent, dir, "no go.mod above the test")
		dir = parent
	}
}

package dockertest

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"
)

// Image is the image of the containers that Run starts. It contains only the static binary dockertest/app, with that program's
// commands, and no shell (see AddShell). The test bed imports it.
const Image = "wharf-test:latest"

// Engine is a real Docker engine of the test bed. Its methods fail the test on errors.
type Engine struct {
	Name string
	Addr string // unix:///path, tcp://host:port, or ssh://user@host/path of a socket on this machine
	// CertDir has, for tcp, ca.pem, cert.pem and key.pem, and ca-key.pem to sign other certificates. Else it is "".
	CertDir string

	client *client.Client
}

// Engines returns the test bed's engines, at least `default`, `unix` and `tls`, in that order. In containers mode `default` is
// the developer's own engine, which may have other containers. With -short it skips the test; without a test bed the test
// fails.
func Engines(t testing.TB) []Engine {
	t.Helper()
	if testing.Short() {
		t.Skip("needs Docker engines: left out by -short")
	}
	setting := os.Getenv("WHARF_TEST_ENGINES")
	if setting == "" {
		t.Fatal("no Docker engines to test against: run `make test`, or `go run ./scripts/testbed up` " +
			"and `source /tmp/wharf-testbed.env`")
	}
	var engines []Engine
	for _, entry := range strings.Split(setting, ",") {
		name, addr, _ := strings.Cut(entry, "=")
		certDir := ""
		if strings.HasPrefix(addr, "tcp://") {
			certDir = filepath.Join(os.Getenv("WHARF_TEST_CERTS"), name)
		}
		engines = append(engines, open(t, name, addr, certDir))
	}
	return engines
}

// DefaultEngine returns the first of Engines, for tests that need only one.
func DefaultEngine(t testing.TB) Engine {
	t.Helper()
	return Engines(t)[0]
}

func open(t testing.TB, name, addr, certDir string) Engine {
	t.Helper()
	opts := []client.Opt{client.WithHost(direct(t, addr)), client.WithAPIVersionNegotiation()}
	if certDir != "" {
		opts = append(opts, client.WithTLSClientConfig(filepath.Join(certDir, "ca.pem"),
			filepath.Join(certDir, "cert.pem"), filepath.Join(certDir, "key.pem")))
	}
	c, err := client.NewClientWithOpts(opts...)
	require.NoError(t, err, "engine %s", name)
	t.Cleanup(func() { _ = c.Close() })
	return Engine{Name: name, Addr: addr, CertDir: certDir, client: c}
}

// direct returns the address that the test's own client uses: for an engine over SSH, its socket, which is on this machine.
func direct(t testing.TB, addr string) string {
	t.Helper()
	u, err := url.Parse(addr)
	require.NoError(t, err)
	if u.Scheme != "ssh" {
		return addr
	}
	return "unix://" + u.Path
}

// Client returns the Docker SDK's client for the engine. It is closed when the test ends. Only tests inside dockerx may use it.
func (e Engine) Client() *client.Client { return e.client }

// deadline returns a context for one call. It doesn't depend on the test's context, so that cleanups can use it.
func deadline() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 60*time.Second)
}

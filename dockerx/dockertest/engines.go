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

// Image is what Run starts: the static binary of dockertest/app, imported by the test bed. It has no
// shell (see AddShell); its commands are those of dockertest/app.
const Image = "wharf-test:latest"

// Engine is a real Docker engine of the test bed. Its methods fail the test that they are given.
type Engine struct {
	Name string
	Addr string // unix:///path, tcp://host:port, or ssh://user@host/path of a socket of this machine
	// CertDir holds ca.pem, cert.pem and key.pem for tcp, and ca-key.pem to sign others; else empty.
	CertDir string

	client *client.Client
}

// Engines returns the test bed's engines, at least `default`, `unix` and `tls`, in that order. In
// containers mode `default` is the developer's own engine: there may be strangers on it. Under -short
// it skips the test; without a test bed it fails it.
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

// DefaultEngine is the first of Engines, for tests that need just one.
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

// direct is how the tests themselves reach an engine: what is far over SSH is near without.
func direct(t testing.TB, addr string) string {
	t.Helper()
	u, err := url.Parse(addr)
	require.NoError(t, err)
	if u.Scheme != "ssh" {
		return addr
	}
	return "unix://" + u.Path
}

// Client is the Docker SDK's client for the engine, closed with the test. Only tests inside dockerx may
// use it.
func (e Engine) Client() *client.Client { return e.client }

// deadline bounds each call, also those after the test's own context has ended.
func deadline() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 60*time.Second)
}

package dockertest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

// Registry is a real registry of images for one test.
type Registry struct {
	// Addr is the address for the test bed's engines: "127.0.0.1:port". They accept it without a valid certificate.
	Addr           string
	User, Password string // empty: no login needed

	process *exec.Cmd
}

// RegistryOptions configures a Registry. The zero value is HTTP without a login.
type RegistryOptions struct {
	TLS            bool
	User, Password string
}

// NewRegistry starts a registry. It stops when the test ends. With -short or without a test bed it behaves as Engines.
func NewRegistry(t testing.TB, o RegistryOptions) *Registry {
	t.Helper()
	Engines(t)
	program := os.Getenv("WHARF_TEST_REGISTRY")
	require.NotEmpty(t, program, "no registry of images to test against: install docker-registry and bring the test bed up again")
	dir, err := os.MkdirTemp("", "wharf-registry-") //nolint:usetesting // a socket's path has at most 107 bytes
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "registry.sock")
	config := filepath.Join(dir, "config.yml")
	require.NoError(t, os.WriteFile(config, registryConfig(t, dir, socket, o), 0o600))
	r := &Registry{User: o.User, Password: o.Password, process: exec.Command(program, "serve", config)}
	output := new(bytes.Buffer)
	r.process.Stdout, r.process.Stderr = output, output
	require.NoError(t, r.process.Start())
	ended := make(chan struct{})
	go func() { _ = r.process.Wait(); close(ended) }()
	t.Cleanup(func() { _ = r.process.Process.Kill(); <-ended })
	awaitSocket(t, socket, ended)
	r.Addr = Forward(t, "unix", socket)
	return r
}

// registryConfig returns the registry's configuration file, in JSON, which is also YAML.
func registryConfig(t testing.TB, dir, socket string, o RegistryOptions) []byte {
	t.Helper()
	server := map[string]any{"net": "unix", "addr": socket}
	config := map[string]any{
		"version": "0.1", "http": server, "log": map[string]any{"level": "warn", "accesslog": map[string]any{"disabled": true}},
		"storage": map[string]any{"filesystem": map[string]any{"rootdirectory": filepath.Join(dir, "data")}, "delete": map[string]any{"enabled": true}},
	}
	if o.TLS {
		authority := NewAuthority(t)
		authority.Write(t, dir, authority.Sign(t, Certificate{Names: []string{"127.0.0.1"}}))
		server["tls"] = map[string]any{"certificate": filepath.Join(dir, "cert.pem"), "key": filepath.Join(dir, "key.pem")}
	}
	if o.User != "" {
		hash, err := bcrypt.GenerateFromPassword([]byte(o.Password), bcrypt.MinCost)
		require.NoError(t, err)
		file := filepath.Join(dir, "htpasswd")
		require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, "%s:%s\n", o.User, hash), 0o600))
		config["auth"] = map[string]any{"htpasswd": map[string]any{"realm": "test", "path": file}}
	}
	content, err := json.Marshal(config)
	require.NoError(t, err)
	return content
}

// awaitSocket waits until the registry listens on the socket.
func awaitSocket(t testing.TB, socket string, ended <-chan struct{}) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatal("the registry ended at once")
		case <-time.After(20 * time.Millisecond):
		}
		require.True(t, time.Now().Before(deadline), "the registry doesn't listen: %v", err)
	}
}

// Stall stops the registry's process until Go: connections stay open, but nothing is sent.
func (r *Registry) Stall() { _ = r.process.Process.Signal(syscall.SIGSTOP) }

// Go ends a Stall.
func (r *Registry) Go() { _ = r.process.Process.Signal(syscall.SIGCONT) }

// Login returns the value of X-Registry-Auth for requests to an engine.
func (r *Registry) Login() string {
	content, _ := json.Marshal(map[string]string{"username": r.User, "password": r.Password, "serveraddress": r.Addr})
	return base64.URLEncoding.EncodeToString(content)
}

// Forward makes a server of the test reachable for the test bed's engines until the test ends. It returns the server's address
// for the engines.
func Forward(t testing.TB, network, to string) string {
	t.Helper()
	query := url.Values{"network": {network}, "to": {to}}
	var made struct{ Addr string }
	require.NoError(t, json.Unmarshal(control(t, http.MethodPost, "/forwards?"+query.Encode()), &made))
	t.Cleanup(func() { control(t, http.MethodDelete, "/forwards/"+made.Addr) })
	return made.Addr
}

package connect

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/pkg/stdcopy"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

// An exec on real engines, over each kind of address: the input comes back as output, closing one direction ends the process,
// and then the engine closes the other.
func TestUpgradedConnectionsCarryAnExec(t *testing.T) {
	t.Parallel()
	engines := dockertest.Engines(t)
	for _, e := range engines {
		exec(t, e.Name, e, Config{Addr: e.Addr, CertDir: e.CertDir})
	}
	s := dockertest.NewSSHServer(t)
	for _, e := range engines {
		if socket, ok := strings.CutPrefix(e.Addr, "unix://"); ok {
			exec(t, e.Name+" over ssh", e, Config{
				Addr: "ssh://" + s.User + "@" + s.Addr + socket,
				SSH:  SSHConfig{Identities: []string{s.Identity}, KnownHosts: []string{s.KnownHosts}},
			})
		}
	}
}

func exec(t *testing.T, name string, e dockertest.Engine, cfg Config) {
	t.Helper()
	for way, open := range map[string]func(*testing.T, Request) io.ReadWriteCloser{
		"":        func(t *testing.T, r Request) io.ReadWriteCloser { return upgraded(t, cfg, r) },
		" passed": func(t *testing.T, r Request) io.ReadWriteCloser { return passed(t, cfg, r) },
	} {
		t.Run(name+way, func(t *testing.T) {
			t.Parallel()
			id := e.PrepareExec(t, e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}}), "cat")
			c := open(t, Request{
				Method: http.MethodPost, Path: "/v1.41/exec/" + id + "/start", Body: strings.NewReader(`{"Detach":false,"Tty":false}`),
				Header: http.Header{"Content-Type": {"application/json"}},
			})
			sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB: more than all buffers on the path together
			go func() {
				_, _ = c.Write(sent)
				_ = c.(interface{ CloseWrite() error }).CloseWrite()
			}()
			var out, errs bytes.Buffer
			_, err := stdcopy.StdCopy(&out, &errs, c)
			require.NoError(t, err)
			if err := c.Close(); !errors.Is(err, io.EOF) { // an ssh channel that the server closed before returns io.EOF
				require.NoError(t, err)
			}
			require.Empty(t, errs.String())
			require.True(t, bytes.Equal(sent, out.Bytes()), "%d bytes came back of %d", out.Len(), len(sent))
		})
	}
}

func upgraded(t *testing.T, cfg Config, r Request) io.ReadWriteCloser {
	t.Helper()
	c, err := transportOf(t, cfg).Upgrade(t.Context(), r)
	require.NoError(t, err)
	return c
}

// passed requests the connection through Pass, as a client of the engine's API does.
func passed(t *testing.T, cfg Config, r Request) io.ReadWriteCloser {
	t.Helper()
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "tcp")
	r.Length = int64(r.Body.(*strings.Reader).Len())
	resp, err := transportOf(t, cfg).Pass(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	c, ok := resp.Body.(io.ReadWriteCloser)
	require.True(t, ok)
	return c
}

func transportOf(t *testing.T, cfg Config) *Transport {
	t.Helper()
	transport, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(transport.Close)
	return transport
}

// answering starts an engine that reads one request, sends answer, and then echoes. It returns the engine's address.
func answering(t *testing.T, answer string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		r := bufio.NewReader(c)
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		_, _ = io.WriteString(c, answer)
		_, _ = io.Copy(c, r)
	}()
	return "tcp://" + l.Addr().String()
}

func upgrade(ctx context.Context, t *testing.T, cfg Config) (*Conn, error) {
	t.Helper()
	return transportOf(t, cfg).Upgrade(ctx, Request{Method: http.MethodPost, Path: "/v1.41/exec/x/start", Body: strings.NewReader("{}")})
}

func TestUpgradeTakesWhatEnginesAnswer(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"101": "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst ",
		"200": "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nfirst ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := upgrade(t.Context(), t, Config{Addr: answering(t, answer)})
			require.NoError(t, err)
			require.Equal(t, "application/vnd.docker.raw-stream", c.ContentType)
			_, err = io.WriteString(c, "second")
			require.NoError(t, err)
			require.NoError(t, c.CloseWrite())
			b, err := io.ReadAll(c)
			require.NoError(t, err)
			require.Equal(t, "first second", string(b), "what came with the header counts")
			require.NoError(t, c.Close())
		})
	}
}

func TestUpgradeRefusesWhatIsNoConnection(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		kind   FaultKind
		says   string
	}{
		"no such exec":   {"HTTP/1.1 404 Not Found\r\nContent-Length: 27\r\n\r\n" + `{"message":"No such exec"} `, "", "Error response from daemon: No such exec"},
		"a short answer": {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", FaultProtocol, ""},
		"chunks":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", FaultProtocol, ""},
		"a redirect":     {"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", FaultProtocol, ""},
		"endless header": {"HTTP/1.1 101 UPGRADED\r\nX: " + strings.Repeat("x", maxHeaderBytes), FaultProtocol, ""},
		"nothing":        {"", FaultTimeout, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if c.answer == "" {
				time.AfterFunc(50*time.Millisecond, func() { cancel(context.DeadlineExceeded) })
			}
			_, err := upgrade(ctx, t, Config{Addr: answering(t, c.answer)})
			if c.says != "" {
				require.EqualError(t, err, c.says)
				return
			}
			var f *FaultError
			require.ErrorAs(t, err, &f, "%v", err)
			require.Equal(t, c.kind, f.Kind)
		})
	}
}

func TestUpgradedConnectionEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c, err := upgrade(ctx, t, Config{Addr: answering(t, "HTTP/1.1 101 UPGRADED\r\n\r\n")})
	require.NoError(t, err)
	cancel()
	_, err = c.Read(make([]byte, 1)) // only the context's end makes it return
	require.Error(t, err)
	require.ErrorIs(t, c.Close(), net.ErrClosed)
}

func TestUpgradeSendsTheAddressesCredentials(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		req, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		user, password, _ := req.BasicAuth()
		seen <- fmt.Sprint(user, " ", password, " ", req.Header.Get("Upgrade"))
		_, _ = io.WriteString(c, "HTTP/1.1 101 UPGRADED\r\n\r\n")
	}()
	c, err := upgrade(t.Context(), t, Config{Addr: "tcp://me:hunter2@" + l.Addr().String()})
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.Equal(t, "me hunter2 tcp", <-seen)
}

// Over TLS, one direction is closed by TLS's own close notification.
func TestUpgradeOverTLSClosesOneDirection(t *testing.T) {
	t.Parallel()
	authority := dockertest.NewAuthority(t)
	dir := t.TempDir()
	authority.Write(t, dir, authority.Sign(t, dockertest.Certificate{}))
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{authority.Sign(t, dockertest.Certificate{Names: []string{"127.0.0.1"}})},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		r := bufio.NewReader(c)
		if req, err := http.ReadRequest(r); err == nil {
			_, _ = io.Copy(io.Discard, req.Body)
			_, _ = io.WriteString(c, "HTTP/1.1 101 UPGRADED\r\n\r\n")
			_, _ = io.Copy(c, r) // ends with the client's direction
		}
	}()
	c, err := upgrade(t.Context(), t, Config{Addr: "tcp://" + l.Addr().String(), CertDir: dir})
	require.NoError(t, err)
	_, err = io.WriteString(c, "all of it")
	require.NoError(t, err)
	require.NoError(t, c.CloseWrite())
	b, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, "all of it", string(b))
	require.NoError(t, c.Close())
}

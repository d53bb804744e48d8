package dockertest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// SSHServer is an SSH server that accepts one key, and forwards streams to unix sockets and TCP addresses of this machine. Tests
// need no sshd.
type SSHServer struct {
	User       string
	Addr       string // 127.0.0.1:port
	Identity   string // path of the private key that is accepted
	KnownHosts string // path of a known_hosts file with the server's key

	config   *ssh.ServerConfig
	listener net.Listener
	all      sync.WaitGroup
	logins   atomic.Int32
	streams  atomic.Int32

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// NewSSHServer starts a server. It stops when the test ends.
func NewSSHServer(t testing.TB) *SSHServer {
	t.Helper()
	dir := t.TempDir()
	clientKey, clientPEM := newKey(t)
	hostKey, _ := newKey(t)
	s := &SSHServer{User: "tester", Identity: filepath.Join(dir, "id"), KnownHosts: filepath.Join(dir, "known_hosts"), conns: map[net.Conn]struct{}{}}
	require.NoError(t, os.WriteFile(s.Identity, clientPEM, 0o600))
	s.config = &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() != s.User || string(key.Marshal()) != string(clientKey.PublicKey().Marshal()) {
			return nil, io.EOF
		}
		return &ssh.Permissions{}, nil
	}}
	s.config.AddHostKey(hostKey)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.listener, s.Addr = l, l.Addr().String()
	require.NoError(t, os.WriteFile(s.KnownHosts, []byte(knownhosts.Line([]string{s.Addr}, hostKey.PublicKey())+"\n"), 0o600))
	s.all.Go(s.accept)
	t.Cleanup(func() {
		_ = l.Close()
		s.Cut()
		s.all.Wait()
	})
	return s
}

func newKey(t testing.TB) (ssh.Signer, []byte) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	return signer, pem.EncodeToMemory(block)
}

// Logins returns how many connections have logged in so far.
func (s *SSHServer) Logins() int { return int(s.logins.Load()) }

// Streams returns how many streams were opened so far.
func (s *SSHServer) Streams() int { return int(s.streams.Load()) }

// Cut closes all connections. New ones are accepted.
func (s *SSHServer) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

func (s *SSHServer) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		s.all.Go(func() {
			s.serve(c)
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.conns, c)
		})
	}
}

func (s *SSHServer) serve(raw net.Conn) {
	defer func() { _ = raw.Close() }()
	conn, channels, requests, err := ssh.NewServerConn(raw, s.config)
	if err != nil {
		return
	}
	s.logins.Add(1)
	s.all.Go(func() {
		for r := range requests {
			_ = r.Reply(false, nil) // sshd's answer to a keep-alive
		}
	})
	for c := range channels {
		s.all.Go(func() { s.forward(c) })
	}
	_ = conn.Close()
}

func (s *SSHServer) forward(c ssh.NewChannel) {
	network, addr := target(c)
	if network == "" {
		_ = c.Reject(ssh.UnknownChannelType, "not here")
		return
	}
	to, err := net.Dial(network, addr)
	if err != nil {
		_ = c.Reject(ssh.ConnectionFailed, "open failed")
		return
	}
	stream, requests, err := c.Accept()
	if err != nil {
		_ = to.Close()
		return
	}
	s.streams.Add(1)
	s.all.Go(func() { ssh.DiscardRequests(requests) })
	s.all.Go(func() {
		_, _ = io.Copy(to, stream)
		if half, ok := to.(interface{ CloseWrite() error }); ok { // as sshd does: the other direction stays open
			_ = half.CloseWrite()
		}
	})
	_, _ = io.Copy(stream, to)
	_, _ = stream.Close(), to.Close()
}

// target returns the requested target of a stream (OpenSSH's PROTOCOL, 2.4, and RFC 4254, 7.2); "" for other channels.
func target(c ssh.NewChannel) (network, addr string) {
	var unix struct {
		Path     string
		Reserved string
		Port     uint32
	}
	var tcp struct {
		Host   string
		Port   uint32
		Origin string
		From   uint32
	}
	switch {
	case c.ChannelType() == "direct-streamlocal@openssh.com" && ssh.Unmarshal(c.ExtraData(), &unix) == nil:
		return "unix", unix.Path
	case c.ChannelType() == "direct-tcpip" && ssh.Unmarshal(c.ExtraData(), &tcp) == nil:
		return "tcp", (&net.TCPAddr{IP: net.ParseIP(tcp.Host), Port: int(tcp.Port)}).String()
	}
	return "", ""
}

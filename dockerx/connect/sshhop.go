package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"
)

// SSHConfig configures logging in on a host and on the jumps to it. The zero value does what ssh does without a
// configuration: it tries the agent's keys, then the default keys in ~/.ssh, and checks ~/.ssh/known_hosts.
type SSHConfig struct {
	Identities []string // paths of private keys without a passphrase
	KnownHosts []string // paths
	Jumps      []string // user@host:port, in order
}

// Check returns an error for an invalid jump. It reads no files.
func (c SSHConfig) Check() error {
	for _, jump := range c.Jumps {
		if _, err := parseHop(jump); err != nil {
			return err
		}
	}
	return nil
}

// hop is one machine to log in on: a jump or the target.
type hop struct{ user, host, port string }

func hopOf(u *url.URL) hop {
	h := hop{user: u.User.Username(), host: u.Hostname(), port: u.Port()}
	if h.port == "" {
		h.port = "22"
	}
	if h.user == "" {
		if me, err := user.Current(); err == nil {
			h.user = me.Username
		}
	}
	return h
}

func parseHop(s string) (hop, error) {
	u, err := url.Parse("ssh://" + strings.TrimPrefix(s, "ssh://"))
	if err != nil || u.Hostname() == "" || u.Path != "" {
		return hop{}, fmt.Errorf("bad jump: expected user@host:port")
	}
	return hopOf(u), nil
}

func (h hop) addr() string { return net.JoinHostPort(h.host, h.port) }

// connect dials the machine and logs in. Failures of the login and of the host key are faults of kind FaultAuth.
func (h hop) connect(ctx context.Context, dial DialFunc, c SSHConfig) (*ssh.Client, error) {
	config, done, err := h.config(c)
	if err != nil {
		return nil, &FaultError{FaultAuth, err}
	}
	defer func() { _ = done.Close() }()
	raw, err := dial(ctx, "tcp", h.addr())
	if err != nil {
		return nil, err
	}
	// Closing raw ends the handshake. A deadline would not: connections through a jump don't support them.
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	conn, channels, requests, err := ssh.NewClientConn(raw, h.addr(), config)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = raw.Close()
		return nil, loginFault(ctx, err)
	}
	return ssh.NewClient(conn, channels, requests), nil
}

func loginFault(ctx context.Context, err error) error {
	var (
		key *knownhosts.KeyError
		net net.Error
	)
	switch {
	case ctx.Err() != nil:
		return &FaultError{FaultTimeout, err}
	case errors.As(err, &key), strings.Contains(err.Error(), "unable to authenticate"):
		return &FaultError{FaultAuth, err}
	case errors.As(err, &net), errors.Is(err, io.EOF):
		return err
	}
	return &FaultError{FaultProtocol, err}
}

// config reads keys and known hosts again for each connection, so that changing them needs no restart. The closer closes the
// connection to the agent.
func (h hop) config(c SSHConfig) (*ssh.ClientConfig, io.Closer, error) {
	check, err := knownhosts.New(c.knownHosts()...)
	if err != nil {
		return nil, nil, fmt.Errorf("read the known hosts: %w", err)
	}
	config := &ssh.ClientConfig{
		User: h.user, HostKeyCallback: check, HostKeyAlgorithms: h.keyAlgorithms(check), Timeout: dialTimeout,
	}
	signers, err := c.signers()
	if err != nil {
		return nil, nil, err
	}
	var done io.Closer = io.NopCloser(nil)
	if sock := os.Getenv("SSH_AUTH_SOCK"); sock != "" && len(c.Identities) == 0 {
		if conn, err := (&net.Dialer{Timeout: time.Second}).Dial("unix", sock); err == nil {
			done = conn
			if held, err := agent.NewClient(conn).Signers(); err == nil {
				signers = append(held, signers...)
			}
		}
	}
	config.Auth = []ssh.AuthMethod{ssh.PublicKeys(signers...)}
	return config, done, nil
}

// keyAlgorithms returns the algorithms of the host's known keys, so that the host presents one of these keys; nil if none
// is known.
func (h hop) keyAlgorithms(check ssh.HostKeyCallback) []string {
	var unknown *knownhosts.KeyError
	err := check(h.addr(), &net.TCPAddr{IP: net.IPv4zero}, unknownKey{})
	if !errors.As(err, &unknown) {
		return nil
	}
	var algorithms []string
	for _, known := range unknown.Want {
		if t := known.Key.Type(); t == ssh.KeyAlgoRSA {
			algorithms = append(algorithms, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		} else {
			algorithms = append(algorithms, t)
		}
	}
	return algorithms
}

// unknownKey is a key that no known host has. Checking it returns the host's known keys in the error.
type unknownKey struct{}

func (unknownKey) Type() string                        { return "none" }
func (unknownKey) Marshal() []byte                     { return []byte("none") }
func (unknownKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }

func (c SSHConfig) knownHosts() []string {
	files := c.KnownHosts
	if len(files) == 0 {
		files = existing(inHome(".ssh/known_hosts"), "/etc/ssh/ssh_known_hosts")
	}
	return files
}

// signers returns the private keys: the configured ones, which must be readable, or those of the default ones that are.
func (c SSHConfig) signers() ([]ssh.Signer, error) {
	var signers []ssh.Signer
	for _, path := range c.Identities {
		s, err := readSigner(path)
		if err != nil {
			return nil, fmt.Errorf("read a private key: %w", err)
		}
		signers = append(signers, s)
	}
	if len(c.Identities) > 0 {
		return signers, nil
	}
	for _, path := range existing(inHome(".ssh/id_ed25519"), inHome(".ssh/id_ecdsa"), inHome(".ssh/id_rsa")) {
		if s, err := readSigner(path); err == nil {
			signers = append(signers, s)
		}
	}
	return signers, nil
}

func readSigner(path string) (ssh.Signer, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ssh.ParsePrivateKey(b)
}

func inHome(path string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, path)
}

func existing(paths ...string) []string {
	var found []string
	for _, p := range paths {
		if _, err := os.Stat(p); p != "" && err == nil {
			found = append(found, p)
		}
	}
	return found
}

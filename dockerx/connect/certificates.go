package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// certificates is the TLS configuration of one host: ca.pem and, for mutual TLS, cert.pem and key.pem. The files are read
// again when a connection is dialed after they changed, so that renewing them needs no restart.
type certificates struct {
	dir        string
	serverName string

	mu     sync.Mutex
	stamp  string // times and sizes of the files that config was made from
	config *tls.Config
	own    time.Time // when wharf's certificate expires; zero: there is none
	server time.Time // when the engine's certificate expires, as of the last connection; zero: unknown
}

func newCertificates(dir, serverName string) *certificates {
	return &certificates{dir: dir, serverName: serverName}
}

func (c *certificates) dial(dial DialFunc) DialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		config, err := c.current()
		if err != nil {
			return nil, &FaultError{FaultTLS, err}
		}
		raw, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		conn := tls.Client(raw, config)
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		if err := conn.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, fmt.Errorf("tls handshake: %w", err)
		}
		c.setServer(conn.ConnectionState().PeerCertificates)
		return conn, nil
	}
}

// current returns the configuration for the present files. It reads them only if they changed.
func (c *certificates) current() (*tls.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamp := c.stampFiles()
	if c.config != nil && stamp == c.stamp {
		return c.config, nil
	}
	config, expiry, err := c.read()
	if err != nil {
		return nil, err
	}
	c.config, c.own, c.stamp = config, expiry, stamp
	return config, nil
}

func (c *certificates) file(name string) string { return filepath.Join(c.dir, name) }

func (c *certificates) stampFiles() string {
	var stamp string
	for _, name := range []string{"ca.pem", "cert.pem", "key.pem"} {
		if info, err := os.Stat(c.file(name)); err == nil {
			stamp += fmt.Sprintf("%d/%d;", info.ModTime().UnixNano(), info.Size())
		} else {
			stamp += "-;"
		}
	}
	return stamp
}

func (c *certificates) read() (*tls.Config, time.Time, error) {
	ca, err := os.ReadFile(c.file("ca.pem"))
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read the authority's certificate: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, time.Time{}, fmt.Errorf("no certificate in %s", c.file("ca.pem"))
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: c.serverName}
	pair, err := tls.LoadX509KeyPair(c.file("cert.pem"), c.file("key.pem"))
	switch {
	case err == nil:
		config.Certificates = []tls.Certificate{pair}
		return config, pair.Leaf.NotAfter, nil
	case errors.Is(err, os.ErrNotExist) && c.neither():
		return config, time.Time{}, nil
	}
	return nil, time.Time{}, fmt.Errorf("read our own certificate: %w", err)
}

// neither reports whether both cert.pem and key.pem are missing. That is no error: TLS is then not mutual.
func (c *certificates) neither() bool {
	_, cert := os.Stat(c.file("cert.pem"))
	_, key := os.Stat(c.file("key.pem"))
	return errors.Is(cert, os.ErrNotExist) && errors.Is(key, os.ErrNotExist)
}

// setServer records when the engine's certificate expires.
func (c *certificates) setServer(chain []*x509.Certificate) {
	if len(chain) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server = chain[0].NotAfter
}

// expires returns when the first of the two certificates expires; zero if neither is known. A renewed file counts at once, a
// renewed certificate of the engine from the next connection on.
func (c *certificates) expires() time.Time {
	_, _ = c.current() // if the files can't be read, the old value remains
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own.IsZero() || !c.server.IsZero() && c.server.Before(c.own) {
		return c.server
	}
	return c.own
}

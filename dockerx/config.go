package dockerx

import (
	"strings"
	"time"

	"wharf/dockerx/connect"
)

// HostConfig says how one Docker host is reached.
type HostConfig struct {
	Name string
	// Addr is unix:///path, tcp://name:port or ssh://user@name:port/path/of/socket. Credentials in
	// it never leave this package.
	Addr string
	// CertDir holds ca.pem and, for mutual TLS, cert.pem and key.pem. Empty: tcp without TLS.
	CertDir string
	SSH     connect.SSHConfig // for ssh alone
	Labels  map[string]string // for people and filters
	// Timeouts of calls; zero ones are the usual ones.
	Timeouts Timeouts
}

// Timeouts of calls to a host: of a ping (2 s), and of a list or an inspect (5 s).
type Timeouts struct {
	Ping time.Duration
	Read time.Duration
}

// PlainTCP reports whether everything sent to the host travels without TLS.
func (c HostConfig) PlainTCP() bool {
	return strings.HasPrefix(c.Addr, "tcp://") && c.CertDir == ""
}

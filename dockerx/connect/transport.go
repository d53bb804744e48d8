package connect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

const (
	dialTimeout = 2 * time.Second
	// keepAlive is the interval of TCP keep-alive probes on a silent connection.
	keepAlive = 15 * time.Second
	// idleConns is how many idle connections to a host stay open. Docker's own client keeps 6: with 32 calls at once, every
	// third call then dials again.
	idleConns      = 64
	maxHeaderBytes = 256 << 10
)

// Config configures the connection to an engine.
type Config struct {
	Addr string // as for ParseAddr, including credentials
	// CertDir holds ca.pem and, for mutual TLS, cert.pem and key.pem. Empty: tcp without TLS.
	CertDir string
	SSH     SSHConfig // only for ssh
}

// DialFunc opens a connection, as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// Transport connects to one engine: it dials, sends requests, limits answers and classifies failures. It is safe for
// concurrent use.
type Transport struct {
	scheme    string // http or https
	authority string // for the Host header
	user      *url.Userinfo
	raw       DialFunc
	base      *http.Transport
	certs     *certificates // nil without TLS
	ssh       *sshLink      // nil without ssh
}

// New returns a Transport. It doesn't dial. Errors: those of ParseAddr and SSHConfig.Check.
func New(cfg Config) (*Transport, error) {
	u, err := ParseAddr(cfg.Addr)
	if err != nil {
		return nil, err
	}
	t := &Transport{scheme: "http", authority: "docker", user: u.User}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
	switch u.Scheme {
	case "unix":
		t.raw = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", u.Path)
		}
	case "tcp":
		t.useTCP(u, dialer, cfg.CertDir)
	case "ssh":
		t.user = nil // the name is for the login, not for requests
		if t.ssh, err = newSSHLink(u, cfg.SSH); err != nil {
			return nil, err
		}
		t.raw = t.ssh.dial
	}
	t.base = &http.Transport{
		DialContext:            t.dialRaw,
		DialTLSContext:         t.dialTLS,
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        30 * time.Second, // pings keep one connection in use
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaderBytes,
		WriteBufferSize:        1 << 10, // requests are small, and a thousand hosts have a thousand connections
	}
	return t, nil
}

func (t *Transport) useTCP(u *url.URL, dialer *net.Dialer, certDir string) {
	port := u.Port()
	switch {
	case port != "":
	case certDir != "":
		port = "2376"
	default:
		port = "2375"
	}
	t.authority = net.JoinHostPort(u.Hostname(), port)
	t.raw = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "tcp", t.authority)
	}
	if certDir != "" {
		t.scheme = "https"
		t.certs = newCertificates(certDir, u.Hostname())
	}
}

// WrapDial wraps the function that dials the engine's address (below TLS) with f, to count connections or make them fail. It
// must be called before the first request.
func (t *Transport) WrapDial(f func(DialFunc) DialFunc) { t.raw = f(t.raw) }

func (t *Transport) dialRaw(ctx context.Context, network, addr string) (net.Conn, error) {
	return t.raw(ctx, network, addr)
}

func (t *Transport) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	return t.certs.dial(t.raw)(ctx, network, addr)
}

// Scheme returns the scheme of the engine's URLs: http, or https with certificates.
func (t *Transport) Scheme() string { return t.scheme }

// Authority returns the name and port in the engine's URLs; for sockets it is a placeholder.
func (t *Transport) Authority() string { return t.authority }

// CertificateExpiry returns when wharf's certificate or the engine's expires, whichever comes first; zero if neither is known.
func (t *Transport) CertificateExpiry() time.Time {
	if t.certs == nil {
		return time.Time{}
	}
	return t.certs.expires()
}

// RoundTrip sends a request of Docker's client, which may read 8 MiB of the answer. Errors: *FaultError.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.exchange(req)
	if err != nil {
		return nil, err
	}
	resp.Body = Bytes(clientLimit).wrap(resp.Body)
	return resp, nil
}

// exchange sends a request, with no limit on the answer. Errors: *FaultError.
func (t *Transport) exchange(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(t.authorized(req))
	if err != nil {
		return nil, &FaultError{KindOf(err), err}
	}
	if status, ok := req.Context().Value(statusKey{}).(*atomic.Int32); ok {
		status.Store(int32(resp.StatusCode)) //nolint:gosec // three digits
	}
	if isRedirect(resp.StatusCode) {
		_ = resp.Body.Close()
		return nil, redirected(resp.StatusCode)
	}
	return resp, nil
}

// authorized returns the request with the address's credentials added.
func (t *Transport) authorized(req *http.Request) *http.Request {
	if t.user == nil {
		return req
	}
	req = req.Clone(req.Context())
	password, _ := t.user.Password()
	req.SetBasicAuth(t.user.Username(), password)
	return req
}

func isRedirect(status int) bool {
	return status >= 300 && status < 400 && status != http.StatusNotModified
}

func redirected(status int) error {
	return &FaultError{FaultProtocol, fmt.Errorf("the engine redirects (status %d), which is refused", status)}
}

// RefuseRedirect is the http.Client.CheckRedirect for Docker's client. It is a second safeguard: RoundTrip returns no
// redirects either.
func RefuseRedirect(*http.Request, []*http.Request) error {
	return errors.New("redirects are refused")
}

// CheckLink checks in the background whether the ssh connection still works, and closes it if not. It is called after a
// request timed out. For other kinds of addresses it does nothing.
func (t *Transport) CheckLink() {
	if t.ssh != nil {
		t.ssh.check()
	}
}

// CloseIdleConnections closes the connections that aren't in use.
func (t *Transport) CloseIdleConnections() { t.base.CloseIdleConnections() }

// Close closes idle connections and the ssh connection, and waits for the goroutines of the latter.
func (t *Transport) Close() {
	t.base.CloseIdleConnections()
	if t.ssh != nil {
		t.ssh.close()
	}
}

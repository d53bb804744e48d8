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
	// keepAlive is how often tcp looks whether the other side of a silent connection is still there.
	keepAlive = 15 * time.Second
	// idleConns is how many connections to a host stay open. Docker's own client keeps 6, and
	// under 32 calls at once every third call dials anew.
	idleConns      = 64
	maxHeaderBytes = 256 << 10
)

// Config says how an engine is reached.
type Config struct {
	Addr string // as ParseAddr takes it, credentials and all
	// CertDir holds ca.pem and, for mutual TLS, cert.pem and key.pem. Empty: tcp without TLS.
	CertDir string
	SSH     SSHConfig // for ssh alone
}

// DialFunc opens a connection, as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// Transport is the way to one engine: it dials, limits what comes back, and says why it failed. It is safe for
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

// New makes the Transport of a configuration. It dials nothing. Errors: an address that ParseAddr refuses.
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
		t.user = nil // the name to log in with, not a part of any request
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
		IdleConnTimeout:        30 * time.Second, // pings keep one from being idle
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

// WrapDial puts f around what dials the engine's address (beneath TLS), to count connections or to fail them. It is
// called before the first request.
func (t *Transport) WrapDial(f func(DialFunc) DialFunc) { t.raw = f(t.raw) }

func (t *Transport) dialRaw(ctx context.Context, network, addr string) (net.Conn, error) {
	return t.raw(ctx, network, addr)
}

func (t *Transport) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	return t.certs.dial(t.raw)(ctx, network, addr)
}

// Scheme is that of the engine's URLs: http, or https where certificates are in use.
func (t *Transport) Scheme() string { return t.scheme }

// Authority is name and port in the engine's URLs; for sockets a mere word.
func (t *Transport) Authority() string { return t.authority }

// CertificateExpiry returns when the first certificate in use ends, ours or the engine's; zero where none is known.
func (t *Transport) CertificateExpiry() time.Time {
	if t.certs == nil {
		return time.Time{}
	}
	return t.certs.expires()
}

// RoundTrip sends one request of Docker's client, which may read 8 MiB of the answer. Errors are *FaultError.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.exchange(req)
	if err != nil {
		return nil, err
	}
	resp.Body = Bytes(clientLimit).wrap(resp.Body)
	return resp, nil
}

// exchange sends one request and sets no limit on the answer. Errors are *FaultError.
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

// authorized adds the credentials that the address holds.
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

// RefuseRedirect is the http.Client.CheckRedirect of Docker's client: a second lock, since RoundTrip lets no redirect
// through.
func RefuseRedirect(*http.Request, []*http.Request) error {
	return errors.New("redirects are refused")
}

// CheckLink looks in the background whether the ssh connection still carries anything, and ends it if not. It is
// called after a request that got no answer in time. Other kinds of addresses have nothing to look at.
func (t *Transport) CheckLink() {
	if t.ssh != nil {
		t.ssh.check()
	}
}

// CloseIdleConnections closes the connections that no request uses.
func (t *Transport) CloseIdleConnections() { t.base.CloseIdleConnections() }

// Close closes idle connections and the ssh connection, and waits for what keeps that alive.
func (t *Transport) Close() {
	t.base.CloseIdleConnections()
	if t.ssh != nil {
		t.ssh.close()
	}
}

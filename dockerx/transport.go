package dockerx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"sync/atomic"
	"time"
)

var apiVersionPattern = regexp.MustCompile(`^1\.[0-9]{1,3}$`)

const (
	dialTimeout = 2 * time.Second
	// idleConns is how many connections to a host stay open. Docker's own client keeps 6, and
	// under 32 calls at once every third call dials anew.
	idleConns = 64
)

// transport is the way to one host: it dials, limits what comes back, and says why it failed.
type transport struct {
	scheme    string // http or https
	authority string // for the Host header
	user      *url.Userinfo
	base      *http.Transport
	certs     *certificates // nil without TLS
	ssh       *sshLink      // nil without ssh
}

// newTransport dials nothing.
func newTransport(cfg HostConfig) (*transport, error) {
	u, err := parseAddr(cfg.Addr)
	if err != nil {
		return nil, err
	}
	t := &transport{scheme: "http", authority: "docker", user: u.User}
	t.base = &http.Transport{
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 256 << 10,
		WriteBufferSize:        1 << 10, // requests are small, and a thousand hosts have a thousand connections
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	switch u.Scheme {
	case "unix":
		t.base.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", u.Path)
		}
	case "tcp":
		t.useTCP(u, dialer, cfg.CertDir)
	case "ssh":
		t.user = nil // it is whom we log in as, not a part of any request
		if t.ssh, err = newSSHLink(u, cfg.SSH); err != nil {
			return nil, err
		}
		t.base.DialContext = t.ssh.dial
	}
	return t, nil
}

func (t *transport) useTCP(u *url.URL, dialer *net.Dialer, certDir string) {
	port := u.Port()
	switch {
	case port != "":
	case certDir != "":
		port = "2376"
	default:
		port = "2375"
	}
	t.authority = net.JoinHostPort(u.Hostname(), port)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "tcp", t.authority)
	}
	t.base.DialContext = dial
	if certDir != "" {
		t.scheme = "https"
		t.certs = newCertificates(certDir, u.Hostname())
		t.base.DialTLSContext = t.certs.dial(dial)
	}
}

// RoundTrip sends one request. Errors are *fault.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.user != nil {
		req = req.Clone(req.Context())
		password, _ := t.user.Password()
		req.SetBasicAuth(t.user.Username(), password)
	}
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, &fault{faultKind(err), err}
	}
	if status, ok := req.Context().Value(statusKey{}).(*atomic.Int32); ok {
		status.Store(int32(resp.StatusCode)) //nolint:gosec // three digits
	}
	if isRedirect(resp.StatusCode) {
		_ = resp.Body.Close()
		return nil, &fault{FaultProtocol, fmt.Errorf("the daemon redirects (status %d), which is refused", resp.StatusCode)}
	}
	limitBody(req.URL.Path, resp)
	return resp, nil
}

func isRedirect(status int) bool {
	return status >= 300 && status < 400 && status != http.StatusNotModified
}

// refuseRedirect is a second lock on the same door: RoundTrip lets no redirect through.
func refuseRedirect(*http.Request, []*http.Request) error {
	return errors.New("redirects are refused")
}

// doubt is told that a call got no answer in time.
func (t *transport) doubt() {
	if t.ssh != nil {
		t.ssh.doubt()
	}
}

func (t *transport) close() {
	t.base.CloseIdleConnections()
	if t.ssh != nil {
		t.ssh.close()
	}
}

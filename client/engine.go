package client

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"wharf/api/dto"
)

// enginePath is the path below which the server serves Docker's own API of a host.
func enginePath(host string) string { return "/docker/" + segment(host) }

// PingEngine checks that this client can use Docker's API of a host. Errors: *Error.
func (c *Client) PingEngine(ctx context.Context, host string) error {
	resp, err := c.do(ctx, request{method: http.MethodGet, path: enginePath(host) + "/_ping"}, "*/*")
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// EngineHandler returns a handler that forwards requests of Docker's API to the server, for one host and with the client's
// credentials. It streams bodies in both directions, and supports connections that an engine takes over (exec, attach, builds).
func (c *Client) EngineHandler(host string) http.Handler {
	base, err := url.Parse(c.base)
	if err != nil {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { engineError(w, http.StatusBadGateway, err.Error()) })
	}
	prefix := strings.TrimSuffix(base.EscapedPath(), "/") + enginePath(host)
	proxy := &httputil.ReverseProxy{
		Transport:     c.engineTransport(),
		FlushInterval: -1, // send logs and events on as they arrive
		BufferPool:    new(copyBuffers),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = base.Scheme, base.Host, base.Host
			setEscapedPath(r.Out.URL, prefix+r.In.URL.EscapedPath())
			r.Out.URL.RawQuery = r.In.URL.RawQuery
			r.Out.Header.Del("Cookie")
			r.Out.Header.Del("Authorization")
			if token, err := c.token(r.In.Context(), ""); err == nil && token != "" {
				r.Out.Header.Set("Authorization", "Bearer "+token)
			}
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			engineError(w, http.StatusBadGateway, "wharf: the server can't be reached: "+err.Error())
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control, body := http.NewResponseController(w), r.Body
		_ = control.EnableFullDuplex() // engines answer while they still read: builds, uploads of images
		if body != nil && body != http.NoBody {
			r.Body = io.NopCloser(body)
		}
		proxy.ServeHTTP(w, r)
		// Drain the body: a tool that is still sending reads the answer only afterwards.
		if body != nil && body != http.NoBody && control.SetReadDeadline(time.Now().Add(restTime)) == nil {
			_, _ = io.Copy(io.Discard, body)
			_ = control.SetReadDeadline(time.Time{})
		}
	})
}

// restTime is how long a tool may continue to send its body after the answer.
const restTime = 10 * time.Second

// setEscapedPath sets a path from its escaped form, and keeps that form.
func setEscapedPath(u *url.URL, escaped string) {
	if path, err := url.PathUnescape(escaped); err == nil {
		u.Path, u.RawPath = path, escaped
	}
}

// engineTransport returns a transport that speaks only HTTP/1.1: connections of HTTP/2 can't be taken over.
func (c *Client) engineTransport() http.RoundTripper {
	t, ok := c.o.Transport.(*http.Transport)
	if !ok {
		if c.o.Transport != nil {
			return c.o.Transport
		}
		t = http.DefaultTransport.(*http.Transport)
	}
	t = t.Clone()
	t.ForceAttemptHTTP2, t.DisableCompression, t.MaxIdleConnsPerHost = false, true, 16
	t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	t.Protocols = nil
	return t
}

// engineError answers with an error in the format of an engine.
func engineError(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(dto.Failure{Message: message})
}

// copyBuffers is a pool of buffers for copying bodies, which are large for builds and images.
type copyBuffers struct{ pool sync.Pool }

// Get implements httputil.BufferPool.
func (p *copyBuffers) Get() []byte {
	if b, ok := p.pool.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 128<<10)
}

// Put implements httputil.BufferPool.
func (p *copyBuffers) Put(b []byte) { p.pool.Put(&b) }

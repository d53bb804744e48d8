package api_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// streamServer serves a fixture over each transport, with small connection buffers.
type streamServer struct {
	*fixture
	plain, secure *httptest.Server
}

// tinyBuffers is a listener whose connections have the smallest buffers that the system allows.
type tinyBuffers struct{ net.Listener }

func (l tinyBuffers) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		err = conn.(*net.TCPConn).SetWriteBuffer(1)
	}
	return conn, err
}

func newConformance(t *testing.T, op api.Operation, row streamRoute, options option) *conformance {
	t.Helper()
	if options == nil {
		options = func(*api.Options) {}
	}
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "web", Labels: map[string]string{"team": "web"}, Usage: dockertest.Usage{Cores: 0.5, Memory: 1 << 20}})
	for n := range 30 { // makes the frame of the host some 10 KB large
		d.Add(dockertest.Container{Name: fmt.Sprint("other-", n), Labels: map[string]string{"team": "web"}, State: "exited"})
	}
	d.Handle("GET /containers/{id}/logs", serveEndlessLog)
	w := setup(t, []dockerx.HostConfig{{Name: "a", Addr: d.Addr()}}, options)
	require.Eventually(t, func() bool { return d.Streams() == 1 }, waitLimit, waitTick)
	w.eventually("?type=host", "connected")
	s := &streamServer{fixture: w, plain: httptest.NewUnstartedServer(watch(w.t, w.api)), secure: httptest.NewUnstartedServer(watch(w.t, w.api))}
	s.plain.Listener = tinyBuffers{s.plain.Listener}
	s.plain.Start()
	s.secure.EnableHTTP2 = true
	s.secure.StartTLS()
	t.Cleanup(func() {
		w.api.EndStreams()
		s.plain.Close()
		s.secure.Close()
	})
	c := &conformance{streamServer: s, streamRoute: row, op: op, d: d}
	if row.begin != nil {
		c.path = row.begin(c)
	}
	return c
}

// serveEndlessLog answers with a line of 10 KB, and continues if the log is followed.
func serveEndlessLog(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/vnd.docker.raw-stream")
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		_, _ = w.Write(dockertest.LogFrame(1, time.Now(), strings.Repeat("x", 10_000)+"\n"))
		_ = http.NewResponseController(w).Flush()
		if r.URL.Query().Get("follow") != "1" {
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

// serveEndlessPull reports a download that never ends.
func serveEndlessPull(w http.ResponseWriter, r *http.Request) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		_, _ = fmt.Fprintf(w, `{"status":"Downloading","id":"0123456789ab","progressDetail":{"current":%d,"total":1000000}}`+"\n", n)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

// in returns the same server for another test.
func (c *conformance) in(t *testing.T) *conformance {
	t.Helper()
	same := *c
	server := *c.streamServer
	server.fixture = c.fixture.in(t)
	same.streamServer = &server
	return &same
}

// streamClient is a stream and its reader. conn is set if the client made the connection itself.
type streamClient struct {
	listener
	conn *net.TCPConn
}

func noToken(r *http.Request)   { r.Header.Del("Authorization") }
func acceptSSE(r *http.Request) { r.Header.Set("Accept", "text/event-stream") }

// open opens a stream, as the admin unless an edit changes that.
func (c *conformance) open(transport, path string, edits ...func(*http.Request)) *streamClient {
	c.t.Helper()
	l := c.ask(transport, path, edits...)
	require.Equal(c.t, http.StatusOK, l.resp.StatusCode)
	return l
}

// status requests a stream that must be refused with the given status.
func (c *conformance) status(t *testing.T, want int, path string, edits ...func(*http.Request)) *streamClient {
	t.Helper()
	l := c.ask("HTTP/1.1", path, edits...)
	require.Equal(t, want, l.resp.StatusCode)
	return l
}

func (c *conformance) ask(transport, path string, edits ...func(*http.Request)) *streamClient {
	c.t.Helper()
	base := c.plain.URL
	if transport == "HTTP/1.1 with TLS" || transport == "HTTP/2.0" {
		base = c.secure.URL
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	c.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	require.NoError(c.t, err)
	acceptSSE(r)
	bearer(c.admin)(r)
	for _, edit := range edits {
		edit(r)
	}
	if transport == "HTTP/1.0" {
		return c.askOld(r)
	}
	resp, err := c.client(transport).RoundTrip(r)
	require.NoError(c.t, err)
	require.Equal(c.t, strings.Fields(transport)[0], resp.Proto)
	c.t.Cleanup(func() { _ = resp.Body.Close() })
	return &streamClient{listener: listener{c.t, resp, bufio.NewReader(resp.Body), cancel}}
}

func (c *conformance) client(transport string) http.RoundTripper {
	if transport == "HTTP/1.1" {
		return http.DefaultTransport
	}
	own := c.secure.Client().Transport.(*http.Transport).Clone()
	if transport == "HTTP/1.1 with TLS" {
		own.TLSClientConfig.NextProtos, own.ForceAttemptHTTP2 = []string{"http/1.1"}, false
		own.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	c.t.Cleanup(own.CloseIdleConnections)
	return own
}

// askOld requests a stream as an HTTP/1.0 client: the answer ends with its connection.
func (c *conformance) askOld(r *http.Request) *streamClient {
	c.t.Helper()
	header := &strings.Builder{}
	require.NoError(c.t, r.Header.Write(header))
	return c.send(dialPlain(c.t, c.plain.URL), fmt.Sprintf("GET %s HTTP/1.0\r\n%s\r\n", r.URL.RequestURI(), header))
}

// raw opens the route's stream on a separate connection, with additional header lines, and bytes after the request.
func (c *conformance) raw(dial func(testing.TB, string) *net.TCPConn, header, after string) *streamClient {
	c.t.Helper()
	l := c.send(dial(c.t, c.plain.URL), fmt.Sprintf("GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nAuthorization: Bearer %s\r\n%s\r\n%s",
		c.path, c.admin, header, after))
	require.Equal(c.t, http.StatusOK, l.resp.StatusCode)
	return l
}

func (c *conformance) send(conn *net.TCPConn, request string) *streamClient {
	c.t.Helper()
	_, err := conn.Write([]byte(request))
	require.NoError(c.t, err)
	// Small reads, since a client that reads everything at once isn't slow.
	resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
	require.NoError(c.t, err)
	return &streamClient{listener{c.t, resp, bufio.NewReaderSize(resp.Body, 1024), func() { _ = conn.Close() }}, conn}
}

func dialPlain(t testing.TB, url string) *net.TCPConn { return dialWith(t, url, 0) }

// dialTiny opens a connection with the smallest buffers that the system allows.
func dialTiny(t testing.TB, url string) *net.TCPConn { return dialWith(t, url, 1) }

func dialWith(t testing.TB, url string, buffer int) *net.TCPConn {
	t.Helper()
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) {
			if buffer > 0 { // before connecting: later the window is larger already
				failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, buffer)
			}
		})
		return errors.Join(err, failed)
	}}
	conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	return conn.(*net.TCPConn)
}

// item waits for an item of the stream. If the source yields none by itself, item triggers one.
func (c *conformance) item(l *streamClient) {
	c.t.Helper()
	if c.emit != nil {
		c.emit(c.d)
	}
	if c.read != nil {
		c.read(c.t, l.r)
		return
	}
	f := l.next()
	for slices.Contains([]string{"stats-error", "host-event", "log-hosts"}, f.event) {
		f = l.next()
	}
}

// streamUser is a user that sees the route's container only through a grant.
type streamUser struct {
	tokens
	name, grant string
}

func (c *conformance) streamUser(t *testing.T) *streamUser {
	t.Helper()
	p := &streamUser{name: "user-of-" + strings.ReplaceAll(t.Name()[strings.LastIndex(t.Name(), "/")+1:], "_", "-")}
	c.person(p.name, "none")
	p.grant = c.fixture.grant(p.name, "a", "", "viewer")
	p.tokens = c.login(p.name, "password-of-"+p.name)
	return p
}

// suiteLogText returns everything that the servers of all tests have logged.
func suiteLogText() string {
	suite.Lock()
	defer suite.Unlock()
	return suite.log.String()
}

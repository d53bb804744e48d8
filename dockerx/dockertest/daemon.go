// Package dockertest provides Docker for tests: the real engines of the test bed, and, for behaviour that real parts don't show
// on demand, a fake daemon, a fake registry, an SSH server and a TCP relay.
package dockertest

import (
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Request is a request that a fake daemon received.
type Request struct {
	Method string
	Path   string // as it was sent, with its escapes, without the query
	Query  string
}

// Daemon is a fake Docker daemon: Docker's HTTP API, with containers that exist only in memory. It does what a real daemon
// doesn't do on demand: hang, lie, disconnect, count requests. NewDaemon makes one; the zero value is unusable. All methods are
// safe for concurrent use.
type Daemon struct {
	// Events is the event stream. Changes of containers through the API, Add, Remove and SetHealth are reported there, as
	// Docker does.
	Events

	server *httptest.Server
	conns  atomic.Int64
	addr   string
	certs  string
	closed chan struct{}

	mu         sync.Mutex
	api        string // newest API version; minAPI is the oldest
	minAPI     string
	requests   []Request
	overrides  map[string]http.Handler
	override   *http.ServeMux
	standard   *http.ServeMux
	fault      http.Handler
	breaks     func(Request) Break
	containers []*Container
}

// NewDaemon starts a fake daemon with API 1.41 on a free port of 127.0.0.1. It stops when the test ends.
func NewDaemon(t testing.TB) *Daemon {
	t.Helper()
	d := newDaemon()
	d.server.Start()
	d.addr = "tcp://" + d.server.Listener.Addr().String()
	t.Cleanup(d.close)
	return d
}

func newDaemon() *Daemon {
	d := &Daemon{
		api: "1.41", minAPI: "1.12", closed: make(chan struct{}),
		overrides: map[string]http.Handler{}, override: http.NewServeMux(), standard: http.NewServeMux(),
	}
	d.routes()
	d.server = httptest.NewUnstartedServer(d)
	d.server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			d.conns.Add(1)
		case http.StateClosed, http.StateHijacked:
			d.conns.Add(-1)
		case http.StateActive, http.StateIdle:
		}
	}
	d.server.Config.ErrorLog = log.New(io.Discard, "", 0) // some tests cause failed handshakes
	return d
}

func (d *Daemon) close() {
	close(d.closed)
	d.server.CloseClientConnections()
	d.server.Close()
}

// Addr returns the daemon's address in the form of DOCKER_HOSTS.
func (d *Daemon) Addr() string { return d.addr }

// CertDir returns the directory for the client's certificates; "" for a daemon without TLS.
func (d *Daemon) CertDir() string { return d.certs }

// SetAPI changes the newest and the oldest API version that the daemon supports, as an upgrade does.
func (d *Daemon) SetAPI(newest, oldest string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.api, d.minAPI = newest, oldest
}

// Connections returns how many connections to the daemon are open.
func (d *Daemon) Connections() int { return int(d.conns.Load()) }

// Requests returns all requests so far, except for /_ping and /version.
func (d *Daemon) Requests() []Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Request(nil), d.requests...)
}

// Count returns the number of requests for a path without API version, such as "/containers/json".
func (d *Daemon) Count(path string) int {
	n := 0
	for _, r := range d.Requests() {
		if unversioned(r.Path) == path {
			n++
		}
	}
	return n
}

// Handle makes h answer the requests that match a pattern of http.ServeMux, without API version, such as
// "GET /containers/{id}/stats". A nil h restores the daemon's own answer.
func (d *Daemon) Handle(pattern string, h http.HandlerFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, registered := d.overrides[pattern]; !registered {
		d.override.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			d.mu.Lock()
			h := d.overrides[pattern]
			d.mu.Unlock()
			if h == nil {
				h = d.standard
			}
			h.ServeHTTP(w, r)
		})
	}
	d.overrides[pattern] = nil
	if h != nil {
		d.overrides[pattern] = h
	}
}

// Fault makes h answer every request from now on, including pings; nil ends that.
func (d *Daemon) Fault(h http.HandlerFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = nil
	if h != nil {
		d.fault = h
	}
}

// Break is how a request to a fake daemon fails.
type Break uint8

// The ways to fail. A failed request is answered with status 500 and a message.
const (
	Works     Break = iota
	Fails           // without effect
	FailsLate       // after its effect
)

// Breaks makes f decide how each request that isn't a GET or HEAD fails; f may block. Nil: none fails.
func (d *Daemon) Breaks(f func(Request) Break) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.breaks = f
}

// Hang is a handler, for Fault or Handle, that never answers. It returns when the client disconnects or the test ends.
func (d *Daemon) Hang(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-d.closed:
	}
}

// Disconnect closes all connections, including streams. New ones are accepted.
func (d *Daemon) Disconnect() { d.server.CloseClientConnections() }

var versionPrefix = regexp.MustCompile(`^/v1\.\d+(/|$)`)

func unversioned(path string) string {
	if m := versionPrefix.FindString(path); m != "" {
		return "/" + path[len(m):]
	}
	return path
}

// ServeHTTP answers all requests to the daemon.
func (d *Daemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	d.mu.Lock()
	if p := unversioned(path); p != "/_ping" && p != "/version" {
		d.requests = append(d.requests, Request{r.Method, path, r.URL.RawQuery})
	}
	fault, breaks, refusal := d.fault, d.breaks, d.refuseVersion(path)
	w.Header().Set("Api-Version", d.api)
	w.Header().Set("Ostype", "linux")
	w.Header().Set("Server", "Docker/20.10.24 (linux)")
	d.mu.Unlock()
	if fault != nil {
		fault.ServeHTTP(w, r)
		return
	}
	if refusal != "" {
		Fail(w, http.StatusBadRequest, refusal)
		return
	}
	inner := r.Clone(r.Context())
	inner.URL.Path, inner.URL.RawPath = unversioned(r.URL.Path), ""
	if breaks != nil && r.Method != http.MethodGet && r.Method != http.MethodHead {
		switch breaks(Request{r.Method, inner.URL.Path, r.URL.RawQuery}) {
		case FailsLate:
			d.serve(httptest.NewRecorder(), inner)
			fallthrough
		case Fails:
			Fail(w, http.StatusInternalServerError, "no space left on device")
			return
		case Works:
		}
	}
	d.serve(w, inner)
}

func (d *Daemon) serve(w http.ResponseWriter, r *http.Request) {
	if _, pattern := d.override.Handler(r); pattern != "" {
		d.override.ServeHTTP(w, r)
		return
	}
	d.standard.ServeHTTP(w, r)
}

// refuseVersion returns Docker's error message for an unsupported API version in a path, or "".
func (d *Daemon) refuseVersion(path string) string {
	m := versionPrefix.FindString(path)
	if m == "" {
		return ""
	}
	asked := strings.Trim(m, "/v")
	switch {
	case minor(asked) > minor(d.api):
		return "client version " + asked + " is too new. Maximum supported API version is " + d.api
	case minor(asked) < minor(d.minAPI):
		return "client version " + asked + " is too old. Minimum supported API version is " + d.minAPI +
			", please upgrade your client to a newer version"
	}
	return ""
}

func minor(version string) int {
	n := 0
	_, digits, _ := strings.Cut(version, ".")
	for _, c := range digits {
		n = n*10 + int(c-'0')
	}
	return n
}

// Fail answers with an error as Docker does.
func Fail(w http.ResponseWriter, status int, message string) {
	JSON(w, status, map[string]string{"message": message})
}

// JSON answers with a value encoded as JSON.
func JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// Silent starts a server that accepts connections and never sends anything, like a daemon that hangs. It returns the address in
// the form of DOCKER_HOSTS. The server stops when the test ends.
func Silent(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		mu    sync.Mutex
		conns []net.Conn
		done  = make(chan struct{})
	)
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
		for _, c := range conns {
			_ = c.Close()
		}
	})
	return "tcp://" + l.Addr().String()
}

// since returns the nanoseconds since t.
func since(t time.Time) uint64 { return uint64(max(0, time.Since(t))) }

// Answer makes the daemon answer requests that match a pattern with {id} by the status that f returns for the id; from 500 on,
// with an error message. f may block.
func (d *Daemon) Answer(pattern string, f func(id string) (status int)) {
	d.Handle(pattern, func(w http.ResponseWriter, r *http.Request) {
		status := f(r.PathValue("id"))
		if status >= http.StatusInternalServerError {
			Fail(w, status, "no space left on device")
			return
		}
		w.WriteHeader(status)
	})
}

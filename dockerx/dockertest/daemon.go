// Package dockertest gives tests their Docker: real engines of the test bed, and a fake daemon, an SSH
// server and a relay for what real ones won't do on demand.
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

// Request is what reached a fake daemon.
type Request struct {
	Method string
	Path   string // as it was sent, escapes and all, without the query
	Query  string
}

// Daemon is a fake Docker daemon: the HTTP API over containers that exist only in memory. It is for
// what a real daemon won't do on demand: hang, lie, break off, count. Its zero value is of no use;
// NewDaemon makes one. All methods are safe for concurrent use.
type Daemon struct {
	// Events is the stream. What changes a container through the API or through Add, Remove and
	// SetHealth is reported there as Docker does.
	Events

	server *httptest.Server
	conns  atomic.Int64
	addr   string
	certs  string
	closed chan struct{}

	mu         sync.Mutex
	api        string // newest and oldest version of the API
	minAPI     string
	requests   []Request
	overrides  map[string]http.Handler
	override   *http.ServeMux
	standard   *http.ServeMux
	fault      http.Handler
	breaks     func(Request) Break
	containers []*Container
}

// NewDaemon starts a fake daemon on a free port of 127.0.0.1; it ends with the test. It speaks API 1.41.
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
	d.server.Config.ErrorLog = log.New(io.Discard, "", 0) // failed handshakes are what some tests want
	return d
}

func (d *Daemon) close() {
	close(d.closed)
	d.server.CloseClientConnections()
	d.server.Close()
}

// Addr is the daemon's address in the notation of DOCKER_HOSTS.
func (d *Daemon) Addr() string { return d.addr }

// CertDir holds the certificates to reach the daemon with; "" where it has none.
func (d *Daemon) CertDir() string { return d.certs }

// SetAPI changes the newest and the oldest API version that the daemon speaks, as an upgrade does.
func (d *Daemon) SetAPI(newest, oldest string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.api, d.minAPI = newest, oldest
}

// Connections returns how many connections to the daemon are open.
func (d *Daemon) Connections() int { return int(d.conns.Load()) }

// Requests returns everything that was asked so far, but for /_ping and /version.
func (d *Daemon) Requests() []Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Request(nil), d.requests...)
}

// Count tells how many requests there were for a path without the version, "/containers/json".
func (d *Daemon) Count(path string) int {
	n := 0
	for _, r := range d.Requests() {
		if unversioned(r.Path) == path {
			n++
		}
	}
	return n
}

// Handle answers a pattern of http.ServeMux ("GET /containers/{id}/stats", without the version) by
// h from now on; nil restores the daemon's own answer.
func (d *Daemon) Handle(pattern string, h http.HandlerFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.overrides[pattern]; !known {
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

// Fault answers every request by h from now on, pings too; nil ends that.
func (d *Daemon) Fault(h http.HandlerFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = nil
	if h != nil {
		d.fault = h
	}
}

// Break is how a request to a fake daemon goes wrong.
type Break uint8

// The ways. What fails is answered by 500, with words.
const (
	Works     Break = iota
	Fails           // without having had its effect
	FailsLate       // after it
)

// Breaks has f decide how each request that isn't a GET or HEAD goes wrong; f may block. Nil: none does.
func (d *Daemon) Breaks(f func(Request) Break) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.breaks = f
}

// Hang is a Fault or a handler that never answers. It returns when the client or the test ends.
func (d *Daemon) Hang(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-d.closed:
	}
}

// Disconnect breaks all connections, streams too; new ones are accepted.
func (d *Daemon) Disconnect() { d.server.CloseClientConnections() }

var versionPrefix = regexp.MustCompile(`^/v1\.\d+(/|$)`)

func unversioned(path string) string {
	if m := versionPrefix.FindString(path); m != "" {
		return "/" + path[len(m):]
	}
	return path
}

// ServeHTTP is the daemon's front door.
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

// refuseVersion is Docker's answer to a version that it doesn't speak, in its words.
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

// Fail answers with a failure the way Docker does.
func Fail(w http.ResponseWriter, status int, message string) {
	JSON(w, status, map[string]string{"message": message})
}

// JSON answers with a value.
func JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// Silent listens on a free port, accepts and never says a word: a wedged daemon. It returns the
// address in the notation of DOCKER_HOSTS.
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

// since is a duration in nanoseconds that counts up from a moment.
func since(t time.Time) uint64 { return uint64(max(0, time.Since(t))) }

// Answer answers requests about a container by the status that f returns for its id; 500 comes with words. f may block.
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

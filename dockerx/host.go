package dockerx

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/singleflight"

	"wharf/dockerx/connect"
	"wharf/dockerx/containers"
	"wharf/dockerx/engine"
	"wharf/dockerx/events"
	"wharf/dockerx/images"
	"wharf/dockerx/logs"
	"wharf/dockerx/stats"
)

// HostConfig configures the connection to one Docker host.
type HostConfig struct {
	Name string
	// Addr is unix:///path, tcp://name:port or ssh://user@name:port/path/of/socket. Credentials in
	// it never leave this package.
	Addr string
	// CertDir holds ca.pem and, for mutual TLS, cert.pem and key.pem. Empty: tcp without TLS.
	CertDir string
	SSH     connect.SSHConfig // only for ssh
	Labels  map[string]string // for people and filters
	// Timeouts of calls; a zero one is the default.
	Timeouts Timeouts
}

// Timeouts are the deadlines of calls to a host: of a ping (default 2 s), and of a list or an inspect (default 5 s).
type Timeouts struct {
	Ping time.Duration
	Read time.Duration
}

// PlainTCP reports whether the connection to the host is TCP without TLS.
func (c HostConfig) PlainTCP() bool {
	return strings.HasPrefix(c.Addr, "tcp://") && c.CertDir == ""
}

// Deadlines of calls to an engine.
const (
	pingTimeout = 2 * time.Second
	readTimeout = 5 * time.Second // list, inspect
	sizeTimeout = 2 * time.Minute // the engine visits every file
)

// callsAtOnce is how many reads, and how many changes, run on a host at the same time. Further calls wait, within their
// deadlines.
const callsAtOnce = 64

// Host is one Docker host: its connection and its state. It is safe for concurrent use.
type Host struct {
	name      string
	addr      string
	opts      Options
	log       zerolog.Logger
	transport *connect.Transport
	life      context.Context //nolint:containedctx // ends with the host; probes outlive the call that asked
	end       context.CancelFunc

	background sync.WaitGroup     // probes and reads in progress
	probe      singleflight.Group // negotiations that callers wait for
	pingLimit  time.Duration
	readLimit  time.Duration
	connected  chan struct{} // holds a token after a negotiation
	health     health
	lists      cached[containers.List]
	stock      stock
	labels     containers.LabelBook
	ownLabels  atomic.Pointer[map[string]string] // of the host itself; the hosts file may change them
	guard      containers.Guard
	traces     traces
	measures   measures
	reader     atomic.Pointer[events.Reader] // of the host's events; nil while they aren't read
	reads      chan struct{}                 // slots of call
	sizes      chan struct{}                 // slots of requests for sizes on disk
	acts       chan struct{}                 // slots of change

	mu     sync.Mutex
	eng    engine.API // nil until the version is negotiated, and after a failure
	info   EngineInfo
	listen []func(events.Event)

	logDetails map[string]containers.Log // of containers of the list, by id
	logHub     *logs.Hub
	longReads  chan struct{} // slots
	puller     *images.Puller

	streaming atomic.Bool
	leading   leading
	shown     EngineInfo             // what Status returns with Options.Led: info without small variations; guarded by mu
	quietly   atomic.Bool            // the reader continues another process's, and doesn't report that it connected
	shared    atomic.Pointer[Status] // as reported by the process that leads the host; nil: unknown
	sampler   *stats.Sampler
}

func newHost(cfg HostConfig, opts Options) (*Host, error) {
	t, err := connect.New(connect.Config{Addr: cfg.Addr, CertDir: cfg.CertDir, SSH: cfg.SSH})
	if err != nil {
		return nil, fmt.Errorf("host %q: %w", cfg.Name, err)
	}
	life, end := context.WithCancel(context.Background())
	h := &Host{
		name: cfg.Name, addr: connect.PublicAddr(cfg.Addr), opts: opts, transport: t, life: life, end: end,
		log:       opts.Logger.With().Str("host", cfg.Name).Logger(),
		pingLimit: orElse(cfg.Timeouts.Ping, pingTimeout), readLimit: orElse(cfg.Timeouts.Read, readTimeout),
		connected: make(chan struct{}, 1), reads: make(chan struct{}, callsAtOnce), acts: make(chan struct{}, callsAtOnce), sizes: make(chan struct{}, sizesAtOnce),
		lists: cached[containers.List]{maxAge: containers.MaxAge}, stock: newStock(),
		logHub: logs.NewHub(logs.HubOptions{}), longReads: make(chan struct{}, longReads), measures: newMeasures(),
		leading: leading{begin: make(chan struct{}, 1)},
	}
	h.follow(func(e events.Event) {
		if changesList(e) {
			h.lists.drop()
		}
	})
	h.follow(h.stock.onEvent)
	h.follow(h.traces.onEvent)
	h.follow(h.wakeLogs)
	h.puller = images.NewPuller(life, pullEngine{h}, images.PullerOptions{Credentials: opts.Registries, Stall: opts.PullStall})
	h.sampler = h.newSampler(cfg.Addr, opts.Stats)
	return h, nil
}

func orElse(d, usual time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return usual
}

// Name returns the host's name in the settings.
func (h *Host) Name() string { return h.name }

// Labels returns the host's labels from hosts.yaml. The caller must not change the map.
func (h *Host) Labels() map[string]string {
	if labels := h.ownLabels.Load(); labels != nil {
		return *labels
	}
	return nil
}

func (h *Host) setLabels(labels map[string]string) { h.ownLabels.Store(&labels) }

// Addr returns the host's address without credentials.
func (h *Host) Addr() string { return h.addr }

// run runs the parts of the host that outlive a request, until ctx ends.
func (h *Host) run(ctx context.Context) {
	h.runLed(ctx, func(ctx context.Context) {
		var parts sync.WaitGroup
		parts.Go(func() { _ = h.runEvents(ctx) })
		parts.Go(func() { h.watch(ctx) })
		parts.Wait()
	})
	h.sampler.Close()
}

// ended reports whether the host was closed.
func (h *Host) ended() bool { return h.life.Err() != nil }

// spawn runs f in the background; close waits for it. After close it does nothing and returns false.
func (h *Host) spawn(f func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended() {
		return false
	}
	h.background.Go(f)
	return true
}

func (h *Host) close() {
	h.sampler.Close()
	h.logHub.Close()
	h.mu.Lock()
	h.end()
	h.mu.Unlock()
	h.background.Wait()
	h.transport.Close()
}

// engine returns a client that uses the negotiated API version. It negotiates if that hasn't been done since the last
// failure, but not with a host that is known to be down.
func (h *Host) engine(ctx context.Context) (engine.API, error) {
	h.mu.Lock()
	eng := h.eng
	h.mu.Unlock()
	if eng != nil {
		return eng, nil
	}
	if err := h.knownDown(); err != nil {
		return nil, err
	}
	return h.connect(ctx)
}

// connect negotiates the API version again, even with a host that is known to be down: the engine may have been replaced.
// Concurrent callers share one negotiation.
func (h *Host) connect(ctx context.Context) (engine.API, error) {
	answer := h.probe.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(h.life, h.pingLimit)
		defer cancel()
		return h.negotiate(ctx)
	})
	select {
	case r := <-answer:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(engine.API), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// forget drops the negotiated client, so that the next call negotiates again.
func (h *Host) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.eng = nil
}

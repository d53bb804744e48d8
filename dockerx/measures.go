package dockerx

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/events"
	"wharf/util/apperr"
	"wharf/util/histogram"
)

// StateCount is a number of containers in one state.
type StateCount = events.StateCount

// Measures are how a host is, and what its requests and events have added up to since this process knows it.
type Measures struct {
	State HostState
	Owned bool // its events are read by this process
	EngineInfo
	CertificateExpiry time.Time // as in Status
	// Containers are counted by the reader of the host's events; nil while it knows nothing.
	Containers []StateCount
	Requests   []RequestMeasure // in the order of their operations
	Errors     []Count          // by reason, those above zero
	Events     []Count          // by type
	Gaps       []Count          // by reason
}

// RequestMeasure is how long an operation's requests to the engine took, failed ones too.
type RequestMeasure struct {
	Operation string // as in errors: "list containers"
	histogram.Snapshot
}

// Count is a number of things of one kind.
type Count struct {
	Kind string
	N    uint64
}

// requestBounds end the buckets of request durations. They are few: there is a histogram for each host and operation.
var requestBounds = []time.Duration{10 * time.Millisecond, 50 * time.Millisecond, 250 * time.Millisecond, time.Second, 5 * time.Second}

// maxOperations bounds the operations that are told apart, of which the code has fewer.
const maxOperations = 64

// other is the kind of what has none of the known ones: an engine may say anything.
const other = "other"

// The kinds that are counted. reasonDaemon is an engine's own failure, a 5xx.
const reasonDaemon = "daemon"

var (
	errorReasons = append(faultNames(connect.FaultRefused, connect.FaultTimeout, connect.FaultDNS, connect.FaultTLS, connect.FaultAuth,
		connect.FaultVersion, connect.FaultProtocol, connect.FaultLocal), reasonDaemon, other)
	eventTypes = []string{"container", "image", "network", "volume", "plugin", "builder", "daemon", "service", "node", "secret", "config", "pod", "host", other}
	gapReasons = append(events.GapReasons(), other)
)

func faultNames(kinds ...connect.FaultKind) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return names
}

// tally counts things by kind, without locks. Make it with newTally.
type tally struct {
	kinds  []string // the last one is for all others
	counts []atomic.Uint64
}

func newTally(kinds []string) tally { return tally{kinds, make([]atomic.Uint64, len(kinds))} }

func (t tally) add(kind string) {
	i := slices.Index(t.kinds, kind)
	if i < 0 {
		i = len(t.kinds) - 1
	}
	t.counts[i].Add(1)
}

// read returns the counts above zero.
func (t tally) read() []Count {
	var all []Count
	for i, kind := range t.kinds {
		if n := t.counts[i].Load(); n > 0 {
			all = append(all, Count{kind, n})
		}
	}
	return all
}

// measures are a host's counts.
type measures struct {
	errors, events, gaps tally

	mu       sync.Mutex
	requests map[string]*histogram.Histogram // by operation
}

func newMeasures() measures {
	return measures{
		errors: newTally(errorReasons), events: newTally(eventTypes), gaps: newTally(gapReasons),
		requests: make(map[string]*histogram.Histogram),
	}
}

// took records how long a request took that ended with err. doing is one of the code's texts, never one from outside. What
// wasn't tried doesn't count.
func (m *measures) took(doing string, began time.Time, err error) {
	if errors.Is(err, errKnownDown) {
		return
	}
	m.mu.Lock()
	h := m.requests[doing]
	if h == nil && len(m.requests) >= maxOperations {
		doing = other
		h = m.requests[doing]
	}
	if h == nil {
		h = histogram.New(requestBounds)
		m.requests[doing] = h
	}
	m.mu.Unlock()
	h.Observe(time.Since(began))
}

// failed counts the error of a request, if it says something of the host: what wasn't tried and what an engine refuses don't.
func (m *measures) failed(classified error) {
	switch kind := connect.FaultOf(classified); {
	case errors.Is(classified, errKnownDown):
	case kind != "":
		m.errors.add(string(kind))
	case apperr.KindOf(classified) == apperr.Daemon:
		m.errors.add(reasonDaemon)
	}
}

// onEvent counts an event.
func (m *measures) onEvent(e events.Event) {
	switch e.Kind {
	case events.KindState: // nothing happened
	case events.KindGap:
		m.gaps.add(e.Reason)
	default:
		m.events.add(e.Type)
	}
}

// Measures returns the host's measures, without asking it.
func (h *Host) Measures() Measures {
	m := Measures{
		Errors: h.measures.errors.read(), Events: h.measures.events.read(), Gaps: h.measures.gaps.read(),
	}
	status := h.Status()
	m.State, m.EngineInfo, m.CertificateExpiry = status.State, status.EngineInfo, status.CertificateExpiry
	m.Owned = !h.opts.Led || h.leads()
	if reader := h.reader.Load(); reader != nil {
		m.Containers = reader.Containers()
	}
	h.measures.mu.Lock()
	requests := maps.Clone(h.measures.requests)
	h.measures.mu.Unlock()
	m.Requests = make([]RequestMeasure, 0, len(requests))
	for doing, durations := range requests {
		m.Requests = append(m.Requests, RequestMeasure{doing, durations.Read()})
	}
	slices.SortFunc(m.Requests, func(a, b RequestMeasure) int { return cmp.Compare(a.Operation, b.Operation) })
	return m
}

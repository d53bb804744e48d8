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

// Measures are a host's health, and counts of its requests and events since this process added the host.
type Measures struct {
	State HostState
	Owned bool // this process reads its events
	EngineInfo
	CertificateExpiry time.Time // as in Status
	// Containers are counted by the reader of the host's events; nil while unknown.
	Containers []StateCount
	Requests   []RequestMeasure // sorted by operation
	Errors     []Count          // by reason, those above zero
	Events     []Count          // by type
	Gaps       []Count          // by reason
}

// RequestMeasure is the distribution of durations of one kind of request to the engine, including failed ones.
type RequestMeasure struct {
	Operation string // as in errors: "list containers"
	histogram.Snapshot
}

// Count is the number of errors, events or gaps of one kind.
type Count struct {
	Kind string
	N    uint64
}

// requestBounds are the upper bounds of the buckets of request durations. They are few, since each host and operation has a
// histogram.
var requestBounds = []time.Duration{10 * time.Millisecond, 50 * time.Millisecond, 250 * time.Millisecond, time.Second, 5 * time.Second}

// maxOperations bounds the number of operations with a histogram of their own; the code has fewer.
const maxOperations = 64

// other is the kind for everything that is none of the listed kinds: an engine may send any text.
const other = "other"

// reasonDaemon is the reason of errors that an engine answered with a 5xx status.
const reasonDaemon = "daemon"

// The kinds that are counted separately.
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

// tally counts by kind, without locks. newTally makes one.
type tally struct {
	kinds  []string // the last one counts all other kinds
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

// measures collects a host's counts.
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

// took records the duration of a request that ended with err. A request that wasn't tried doesn't count. doing must not
// contain text from outside the program.
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

// failed counts the error of a request if the host is at fault. Requests that weren't tried, or that the engine refused, are
// not counted.
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
	case events.KindState: // a report of the present state, not an event
	case events.KindGap:
		m.gaps.add(e.Reason)
	default:
		m.events.add(e.Type)
	}
}

// Measures returns the host's measures, without asking the host.
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

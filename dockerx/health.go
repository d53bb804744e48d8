package dockerx

import (
	"context"
	"errors"
	"sync"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
)

// HostState says in one word how a host is.
type HostState string

// The states of a host.
const (
	HostUnknown  HostState = "unknown"  // not asked yet
	HostUp       HostState = "up"       // answers
	HostDegraded HostState = "degraded" // answers pings, but the last call broke off or took too long
	HostDown     HostState = "down"     // doesn't answer
)

// How a host that is down is looked after. Callers get their answer at once and start a probe,
// which they don't wait for; a new one may start while older ones hang, so that the end of a
// blackout is seen soon. A fault older than knownFor doesn't count: then a caller is the probe.
const (
	probeEvery   = 500 * time.Millisecond
	probesAtOnce = 4
	knownFor     = 6 * time.Second
)

var errKnownDown = errors.New("known to be down: not tried")

// health is what the last calls showed of a host. Its methods are safe for concurrent use.
type health struct {
	mu         sync.Mutex
	seen       bool
	pingFault  connect.FaultKind // "" while pings are answered
	callFault  connect.FaultKind // "" while calls succeed
	state      HostState
	since      time.Time
	lastFault  connect.FaultKind
	lastAt     time.Time // of lastFault
	answeredAt time.Time // when the last ping that was answered had been sent
	probedAt   time.Time
	probes     int
}

// update changes what is known and returns the state before and after. The caller holds
// no lock.
func (s *health) update(f func()) (from, to HostState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == "" {
		s.state, s.since = HostUnknown, time.Now()
	}
	from = s.state
	f()
	s.seen = true
	switch {
	case s.pingFault != "":
		to = HostDown
	case s.callFault != "":
		to = HostDegraded
	default:
		to = HostUp
	}
	if to != from {
		s.state, s.since = to, time.Now()
	}
	return from, to
}

func (s *health) fault(kind connect.FaultKind) { s.lastFault, s.lastAt = kind, time.Now() }

// known returns how the host is, since when, and the last fault.
func (s *health) known() (state HostState, since time.Time, fault connect.FaultKind, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.seen {
		return HostUnknown, time.Time{}, "", time.Time{}
	}
	return s.state, s.since, s.lastFault, s.lastAt
}

// beginProbe reports whether it is time for a probe. endProbe must follow.
func (s *health) beginProbe() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probes >= probesAtOnce || time.Since(s.probedAt) < probeEvery {
		return false
	}
	s.probes++
	s.probedAt = time.Now()
	return true
}

func (s *health) endProbe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.probes--
}

// answered records that the host answered a ping sent at that time.
func (h *Host) answered(sent time.Time) {
	from, to := h.health.update(func() {
		h.health.pingFault = ""
		if sent.After(h.health.answeredAt) {
			h.health.answeredAt = sent
		}
	})
	h.logState(from, to, "")
}

// unanswered records that a ping failed, unless one sent later was answered meanwhile.
func (h *Host) unanswered(sent time.Time, kind connect.FaultKind) {
	h.health.mu.Lock()
	outdated := h.health.answeredAt.After(sent)
	h.health.mu.Unlock()
	if h.ended() {
		return
	}
	h.measures.errors.add(string(kind))
	if !outdated && kind != connect.FaultLocal {
		h.markDown(kind)
	}
}

// markUp records that a call succeeded: the host is up.
func (h *Host) markUp() {
	from, to := h.health.update(func() { h.health.pingFault, h.health.callFault = "", "" })
	h.logState(from, to, "")
}

// markDown records that the host can't be reached.
func (h *Host) markDown(kind connect.FaultKind) {
	from, to := h.health.update(func() { h.health.pingFault = kind; h.health.fault(kind) })
	h.logState(from, to, kind)
	h.forget()
	if kind == connect.FaultTimeout {
		h.transport.CheckLink()
	}
}

// markFailing records that a call failed. A fault that can't concern one call alone means that the
// host is down; else a ping finds out.
func (h *Host) markFailing(kind connect.FaultKind) {
	if kind != connect.FaultTimeout && kind != connect.FaultProtocol {
		h.markDown(kind)
		return
	}
	from, to := h.health.update(func() { h.health.callFault = kind; h.health.fault(kind) })
	h.logState(from, to, kind)
	h.forget()
	h.probeHost()
}

func (h *Host) logState(from, to HostState, kind connect.FaultKind) {
	if from != to {
		h.statusChanged(true)
	}
	switch {
	case from == to:
	case to == HostUp:
		h.log.Info().Msg("docker host is up")
	default:
		h.log.Warn().Str("fault", string(kind)).Msg("docker host is " + string(to))
	}
}

// knownDown is the answer for a host that was found down a moment ago, nil for any other.
func (h *Host) knownDown() error {
	state, since, kind, at := h.health.known()
	if state != HostDown || time.Since(at) > knownFor {
		return nil
	}
	h.probeHost()
	return unreachable(h.name, kind, since, errKnownDown)
}

// probeHost looks in the background whether the host answers, unless that was just done.
func (h *Host) probeHost() {
	if !h.health.beginProbe() {
		return
	}
	h.spawn(func() {
		defer h.health.endProbe()
		ctx, cancel := context.WithTimeout(h.life, h.pingLimit)
		defer cancel()
		_, _ = h.negotiate(ctx)
	})
}

// negotiate asks for the engine's version and keeps a client for it.
func (h *Host) negotiate(ctx context.Context) (engine.API, error) {
	began := time.Now()
	eng, newest, err := engine.Negotiate(ctx, h.transport)
	h.measures.took("ping", began, err)
	if err != nil {
		h.unanswered(began, connect.KindOf(err))
		return nil, err
	}
	h.mu.Lock()
	h.eng = eng
	h.info.Latency = time.Since(began)
	h.info.APIVersion = newest
	h.infoChanged()
	h.mu.Unlock()
	h.answered(began)
	select {
	case h.connected <- struct{}{}:
	default:
	}
	return eng, nil
}

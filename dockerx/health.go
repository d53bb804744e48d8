package dockerx

import (
	"context"
	"errors"
	"sync"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
)

// HostState is a host's health in one word.
type HostState string

// The states of a host.
const (
	HostUnknown  HostState = "unknown"  // not asked yet
	HostUp       HostState = "up"       // answers
	HostDegraded HostState = "degraded" // answers pings, but the last call broke off or took too long
	HostDown     HostState = "down"     // doesn't answer
)

// Calls to a host that is down fail immediately, and start probes in the background: one every probeEvery. A new probe may
// start while up to probesAtOnce older ones hang, so that the end of an outage is noticed soon. If the last fault is older
// than knownFor, the call is tried and serves as the probe.
const (
	probeEvery   = 500 * time.Millisecond
	probesAtOnce = 4
	knownFor     = 6 * time.Second
)

var errKnownDown = errors.New("known to be down: not tried")

// health is a host's health as its last calls showed it. Its methods are safe for concurrent use.
type health struct {
	mu         sync.Mutex
	seen       bool
	pingFault  connect.FaultKind // "" while pings are answered
	callFault  connect.FaultKind // "" while calls succeed
	state      HostState
	since      time.Time
	lastFault  connect.FaultKind
	lastAt     time.Time // of lastFault
	answeredAt time.Time // when the last answered ping was sent
	probedAt   time.Time
	probes     int
}

// update calls f, which changes fields, and returns the state before and after. The caller must not hold mu.
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

// current returns the host's state, since when it is in it, and the last fault with its time.
func (s *health) current() (state HostState, since time.Time, fault connect.FaultKind, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.seen {
		return HostUnknown, time.Time{}, "", time.Time{}
	}
	return s.state, s.since, s.lastFault, s.lastAt
}

// beginProbe reports whether it is time for a probe. If so, the caller must call endProbe afterwards.
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

// unanswered records that a ping sent at that time failed. It has no effect on the state if a later ping was answered.
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

// markFailing records that a call failed. A timeout or a protocol fault may concern only this call, so a ping checks the
// host; any other fault means that the host is down.
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

// knownDown returns the error for a host that was found down within knownFor, and nil for any other.
func (h *Host) knownDown() error {
	state, since, kind, at := h.health.current()
	if state != HostDown || time.Since(at) > knownFor {
		return nil
	}
	h.probeHost()
	return unreachable(h.name, kind, since, errKnownDown)
}

// probeHost checks in the background whether the host answers, unless that was done within probeEvery.
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

// negotiate asks for the engine's API version and stores a client that uses it.
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

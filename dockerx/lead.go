package dockerx

import (
	"context"
	"sync"
	"time"

	"wharf/dockerx/events"
)

// Lead makes this process read a host's events and check its health from now on. It matters only with Options.Led. If the
// host is unknown, it is led as soon as Apply adds it.
func (f *Fleet) Lead(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.led[name] = true
	if m := f.byName[name]; m != nil && m.stop != nil {
		m.host.lead(true)
	}
}

// Leave ends the effect of Lead for these hosts. It returns when their readers have stopped.
func (f *Fleet) Leave(names []string) {
	var ending sync.WaitGroup
	f.mu.Lock()
	for _, name := range names {
		delete(f.led, name)
		if m := f.byName[name]; m != nil && m.stop != nil {
			ending.Go(func() { m.host.lead(false) })
		}
	}
	f.mu.Unlock()
	ending.Wait()
}

// Deliver passes on an event that was reported by the process that leads the event's host. It doesn't block.
func (f *Fleet) Deliver(e events.Event) {
	if h, ok := f.Host(e.Host); ok && f.opts.Led && !h.leads() {
		h.notifyFollowers(e)
	}
}

// notifyFollowers passes an event to this package's followers, but not to Options.OnEvent.
func (h *Host) notifyFollowers(e events.Event) {
	h.mu.Lock()
	listen := h.listen
	h.mu.Unlock()
	for _, f := range listen {
		f(e)
	}
}

// leading records whether this process leads a host. The zero value: it doesn't.
type leading struct {
	mu    sync.Mutex
	on    bool
	begin chan struct{}      // holds a token when it was turned on
	stop  context.CancelFunc // of the running reader; nil: none runs
	ended chan struct{}
}

// lead turns the host's reader on or off. When it turns the reader off, it waits until the reader has ended.
func (h *Host) lead(on bool) {
	l := &h.leading
	l.mu.Lock()
	l.on = on
	stop, ended := l.stop, l.ended
	l.mu.Unlock()
	switch {
	case on:
		select {
		case l.begin <- struct{}{}:
		default: // there is a token already
		}
	case stop != nil:
		stop()
		<-ended
	}
}

// leads reports whether this process leads the host.
func (h *Host) leads() bool {
	h.leading.mu.Lock()
	defer h.leading.mu.Unlock()
	return h.leading.on
}

// runLed runs f whenever this process leads the host, until ctx ends. f's context ends when this process stops leading it.
func (h *Host) runLed(ctx context.Context, f func(context.Context)) {
	l := &h.leading
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.begin:
		}
		l.mu.Lock()
		if !l.on {
			l.mu.Unlock()
			continue
		}
		inner, cancel := context.WithCancel(ctx)
		ended := make(chan struct{})
		l.stop, l.ended = cancel, ended
		l.mu.Unlock()
		f(inner)
		cancel()
		h.transport.CloseIdleConnections()
		// From now on the followers' data may be outdated.
		h.notifyFollowers(events.Event{Host: h.name, Kind: events.KindHost, Action: "disconnected"})
		l.mu.Lock()
		l.stop, l.ended = nil, nil
		l.mu.Unlock()
		close(ended)
	}
}

// SetStatus stores a host's status as reported by the process that leads the host. Host.Status returns it while this process
// doesn't lead the host.
func (f *Fleet) SetStatus(name string, s Status) {
	if h, ok := f.Host(name); ok {
		h.shared.Store(&s)
	}
}

// elsewhere returns the status of a host that another process leads. It returns nil if this process leads the host, or if
// no status has been reported yet.
func (h *Host) elsewhere() *Status {
	if !h.opts.Led || h.leads() {
		return nil
	}
	return h.shared.Load()
}

// statusChanged reports a change of Status to Options.OnStatus.
func (h *Host) statusChanged(soon bool) {
	if h.opts.OnStatus != nil {
		h.opts.OnStatus(h.name, soon)
	}
}

// Changes of the latency and the clock skew within these bounds are noise, not changes of Status.
const (
	latencyNoise = 20 * time.Millisecond
	skewNoise    = 500 * time.Millisecond
)

// differs reports whether i differs from old by more than noise.
func (i EngineInfo) differs(old EngineInfo) bool {
	if i.Latency > 2*old.Latency+latencyNoise || old.Latency > 2*i.Latency+latencyNoise || (i.ClockSkew-old.ClockSkew).Abs() > skewNoise {
		return true
	}
	i.Latency, i.ClockSkew = old.Latency, old.ClockSkew
	return i != old
}

// infoChanged copies info to shown and reports a change of Status, if they differ by more than noise. The caller holds mu.
func (h *Host) infoChanged() {
	if h.info.differs(h.shown) {
		h.shown = h.info
		h.statusChanged(false)
	}
}

// countedStates returns the number of containers in each state as counted from the host's events; nil while unknown.
func (h *Host) countedStates() map[string]int {
	reader := h.reader.Load()
	if reader == nil {
		return nil
	}
	var counts map[string]int
	for _, c := range reader.Containers() {
		if counts == nil {
			counts = map[string]int{}
		}
		if c.Count > 0 {
			counts[c.State] = int(c.Count)
		}
	}
	return counts
}

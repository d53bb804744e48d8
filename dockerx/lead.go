package dockerx

import (
	"context"
	"sync"
	"time"

	"wharf/dockerx/events"
)

// Lead has a host's events read and its health checked here from now on; with Options.Led alone. The host may be unknown:
// then it counts once Apply brings it.
func (f *Fleet) Lead(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.led[name] = true
	if m := f.byName[name]; m != nil && m.stop != nil {
		m.host.lead(true)
	}
}

// Leave ends what Lead began, and returns when it has ended.
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

// Deliver takes an event of a host that another process leads, as that has reported it. It doesn't block.
func (f *Fleet) Deliver(e events.Event) {
	if h, ok := f.Host(e.Host); ok && f.opts.Led && !h.leads() {
		h.tellFollowers(e)
	}
}

// tellFollowers passes an event to the followers inside this package alone.
func (h *Host) tellFollowers(e events.Event) {
	h.mu.Lock()
	listen := h.listen
	h.mu.Unlock()
	for _, f := range listen {
		f(e)
	}
}

// leading is whether a host is read here. The zero value: it isn't.
type leading struct {
	mu    sync.Mutex
	on    bool
	begin chan struct{}      // holds a token when it was turned on
	stop  context.CancelFunc // of the reader under way; nil: none
	ended chan struct{}
}

// lead turns the host's reader on or off. It returns when a reader that it turned off has ended.
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
		default: // it begins already
		}
	case stop != nil:
		stop()
		<-ended
	}
}

// leads reports whether the host is read here.
func (h *Host) leads() bool {
	h.leading.mu.Lock()
	defer h.leading.mu.Unlock()
	return h.leading.on
}

// runLed runs f while the host is to be read here, again and again until ctx ends.
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
		h.tellFollowers(events.Event{Host: h.name, Kind: events.KindHost, Action: "disconnected"}) // what they know ages from now on
		l.mu.Lock()
		l.stop, l.ended = nil, nil
		l.mu.Unlock()
		close(ended)
	}
}

// SetStatus takes the status of a host as the process has it that leads the host: Host.Status returns it while this process
// doesn't.
func (f *Fleet) SetStatus(name string, s Status) {
	if h, ok := f.Host(name); ok {
		h.shared.Store(&s)
	}
}

// elsewhere returns the status of a host that another process leads; nil for a host that this one leads, and where nothing is
// known yet.
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

// Changes of what is measured anew all the time count once they are beyond the usual variation.
const (
	latencyNoise = 20 * time.Millisecond
	skewNoise    = 500 * time.Millisecond
)

// differs reports whether the information says something new.
func (i EngineInfo) differs(old EngineInfo) bool {
	if i.Latency > 2*old.Latency+latencyNoise || old.Latency > 2*i.Latency+latencyNoise || (i.ClockSkew-old.ClockSkew).Abs() > skewNoise {
		return true
	}
	i.Latency, i.ClockSkew = old.Latency, old.ClockSkew
	return i != old
}

// infoChanged has Status say what the information says, if that is new. mu is held.
func (h *Host) infoChanged() {
	if h.info.differs(h.shown) {
		h.shown = h.info
		h.statusChanged(false)
	}
}

// countedStates returns the containers by state as the host's events imply; nil while that isn't known.
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

package dockerx

import (
	"context"
	"sync"

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

package stream

import (
	"sync"
	"time"
)

// heartbeatSlots spread the heartbeats of all streams over the time between two of one stream: few
// enough to wake up seldom, many enough that items don't queue behind heartbeats.
const heartbeatSlots = 5

// registry holds all open streams of a server. One goroutine ends them with the server and has them
// write their heartbeats, one notices clients that hung up, and a pool writes for all: a client costs
// no timer and no goroutine.
type registry struct {
	every time.Duration // between two heartbeats of a stream

	mu          sync.Mutex
	slots       [heartbeatSlots]map[*stream]struct{}
	next        int
	started     bool
	ended       bool
	open        int
	empty       chan struct{}      // closed when no stream is open any more; nil: nothing waits for that
	disconnects *disconnectWatcher // nil where the system has no such thing
	pool        pool
}

// enter adds a stream. It is closed at once when the server is ending.
func (r *registry) enter(s *stream, ending <-chan struct{}) (leave func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.started {
		r.started = true
		r.disconnects = newDisconnectWatcher()
		go r.run(ending)
	}
	slot := r.next % heartbeatSlots
	r.next++
	if r.slots[slot] == nil {
		r.slots[slot] = make(map[*stream]struct{})
	}
	r.slots[slot][s] = struct{}{}
	r.open++
	if r.ended {
		s.close()
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.slots[slot], s)
		if r.open--; r.open == 0 && r.empty != nil {
			close(r.empty)
			r.empty = nil
		}
	}
}

// drained returns a channel that is closed as soon as no stream is open.
func (r *registry) drained() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == 0 {
		none := make(chan struct{})
		close(none)
		return none
	}
	if r.empty == nil {
		r.empty = make(chan struct{})
	}
	return r.empty
}

func (r *registry) run(ending <-chan struct{}) {
	tick := time.NewTicker(r.every / heartbeatSlots)
	defer tick.Stop()
	for slot := 0; ; slot = (slot + 1) % heartbeatSlots {
		select {
		case <-tick.C:
			r.each(slot, (*stream).heartbeat)
		case <-ending:
			r.end()
			return
		}
	}
}

// end closes all streams, and those that enter from now on.
func (r *registry) end() {
	r.mu.Lock()
	r.ended = true // first: no stream may enter behind the ones that are closed
	r.mu.Unlock()
	for slot := range r.slots {
		r.each(slot, (*stream).close)
	}
	r.disconnects.close()
}

func (r *registry) each(slot int, f func(*stream)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range r.slots[slot] {
		f(s)
	}
}

package stream

import (
	"sync"
	"time"
)

// heartbeatSlots is the number of groups in which streams send their heartbeats, one after the other: few enough to wake up
// rarely, many enough that items don't queue behind heartbeats.
const heartbeatSlots = 5

// registry holds all open streams of a server. One goroutine closes them when the server ends and schedules their heartbeats,
// another notices clients that disconnected, and a pool writes for all streams: a client costs no timer and no goroutine.
type registry struct {
	every time.Duration // between two heartbeats of a stream

	mu          sync.Mutex
	slots       [heartbeatSlots]map[*stream]struct{}
	next        int
	started     bool
	ended       bool
	open        int
	empty       chan struct{}      // closed when no stream is open any more; nil: nothing waits for it
	disconnects *disconnectWatcher // nil if the system has none
	pool        pool
}

// enter adds a stream. If the server is ending, the stream is closed at once.
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

// end closes all streams, including those that enter later.
func (r *registry) end() {
	r.mu.Lock()
	r.ended = true // first: a stream that enters a slot which was closed already is closed by enter
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

package api

import (
	"sync"
	"time"
)

// commentSlots spread the comments of all streams over the time between two of one stream: few
// enough to wake up seldom, many enough that frames don't queue behind comments.
const commentSlots = 5

// liveStreams is all open streams of a server. One goroutine ends them with the server and has them
// write their comments, one notices who hung up, and a crew writes for all: a client costs no timer and no goroutine.
type liveStreams struct {
	mu      sync.Mutex
	slots   [commentSlots]map[*eventStream]struct{}
	next    int
	started bool
	ended   bool
	hangups *hangups // nil where the system has no such thing
	crew    crew
}

// enter counts a stream in. It is closed at once when the server is ending.
func (l *liveStreams) enter(es *eventStream, ending <-chan struct{}) (leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.started {
		l.started = true
		l.hangups = newHangups()
		go l.run(ending)
	}
	slot := l.next % commentSlots
	l.next++
	if l.slots[slot] == nil {
		l.slots[slot] = make(map[*eventStream]struct{})
	}
	l.slots[slot][es] = struct{}{}
	if l.ended {
		es.sub.Close()
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.slots[slot], es)
	}
}

func (l *liveStreams) run(ending <-chan struct{}) {
	tick := time.NewTicker(commentEvery / commentSlots)
	defer tick.Stop()
	for slot := 0; ; slot = (slot + 1) % commentSlots {
		select {
		case <-tick.C:
			l.each(slot, (*eventStream).commentDue)
		case <-ending:
			l.end()
			return
		}
	}
}

// end closes all streams, and those that enter from now on.
func (l *liveStreams) end() {
	l.mu.Lock()
	l.ended = true // first: no stream may enter behind the ones that are closed
	l.mu.Unlock()
	for slot := range l.slots {
		l.each(slot, func(es *eventStream) { es.sub.Close() })
	}
	l.hangups.close()
}

func (l *liveStreams) each(slot int, f func(*eventStream)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for es := range l.slots[slot] {
		f(es)
	}
}

package dockerx

import (
	"errors"
	"sync"
)

// What may wait between socket and processing, in events and in bytes; processing never waits for
// anything, so only a starved machine gets here.
const (
	eventQueueMax   = 1 << 16
	eventQueueBytes = 64 << 20
)

// eventBytes is about how much memory an event takes.
func eventBytes(e *Event) int {
	n := 256 + len(e.Type) + len(e.Action) + len(e.ActorID) + len(e.ActorName)
	for k, v := range e.Attrs {
		n += 64 + len(k) + len(v)
	}
	return n
}

// readItem is one thing that came from the socket.
type readItem struct {
	event      Event
	unreadable bool // something here could not be read; event is empty
}

// eventQueue takes events from the socket without ever refusing: a reader that stalls slows
// every operation of its daemon.
type eventQueue struct {
	wake chan struct{} // has room for one
	room int           // bytes of events that may wait

	mu       sync.Mutex
	items    []readItem
	bytes    int // of items
	overflow bool
	err      error // the stream's end
}

// newEventQueue makes a queue for that many bytes of events; zero is the usual bound.
func newEventQueue(room int) *eventQueue {
	if room <= 0 {
		room = eventQueueBytes
	}
	return &eventQueue{wake: make(chan struct{}, 1), room: room}
}

// fill copies from the decoder until the stream ends.
func (q *eventQueue) fill(d *eventDecoder) {
	for {
		e, err := d.next()
		size := eventBytes(&e)
		q.mu.Lock()
		switch full := len(q.items) >= eventQueueMax || q.bytes+size > q.room; {
		case full && (err == nil || errors.Is(err, errUnreadable)):
			q.overflow = true
		case errors.Is(err, errUnreadable):
			q.items = append(q.items, readItem{unreadable: true})
		case err != nil:
			q.err = err
		default:
			q.items = append(q.items, readItem{event: e})
			q.bytes += size
		}
		ended := q.err != nil
		q.mu.Unlock()
		select {
		case q.wake <- struct{}{}:
		default:
		}
		if ended {
			return
		}
	}
}

// take returns all that has come, whether something was dropped after it, and the stream's end.
func (q *eventQueue) take() (items []readItem, overflow bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	items, overflow, err = q.items, q.overflow, q.err
	q.items, q.bytes, q.overflow = nil, 0, false
	return items, overflow, err
}

// The largest model of a host's containers, and the longest id and name in it: an engine may make up
// containers without end.
const (
	maxModelRows = maxRows
	maxModelText = 512
)

// takes reports whether the model may grow by what an event says.
func (m *containerModel) takes(e *Event) bool {
	if _, ok := m.states[e.ActorID]; ok {
		return len(e.ActorName) <= maxModelText
	}
	return len(m.states) < maxModelRows && len(e.ActorID) <= maxModelText && len(e.ActorName) <= maxModelText
}

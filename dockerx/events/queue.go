package events

import (
	"errors"
	"sync"
)

// What may wait between socket and processing, in events and in bytes; processing never waits for
// anything, so only a starved machine gets here.
const (
	queueMax   = 1 << 16
	queueBytes = 64 << 20
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

// queue takes events from the socket without ever refusing: a reader that stalls slows
// every operation of its engine.
type queue struct {
	wake chan struct{} // has room for one
	room int           // bytes of events that may wait

	mu       sync.Mutex
	items    []readItem
	bytes    int // of items
	overflow bool
	err      error // the stream's end
}

// newQueue makes a queue for that many bytes of events; zero is the usual bound.
func newQueue(room int) *queue {
	if room <= 0 {
		room = queueBytes
	}
	return &queue{wake: make(chan struct{}, 1), room: room}
}

// fill copies from the decoder until the stream ends.
func (q *queue) fill(d *decoder) {
	for {
		e, err := d.next()
		size := eventBytes(&e)
		q.mu.Lock()
		switch full := len(q.items) >= queueMax || q.bytes+size > q.room; {
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
func (q *queue) take() (items []readItem, overflow bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	items, overflow, err = q.items, q.overflow, q.err
	q.items, q.bytes, q.overflow = nil, 0, false
	return items, overflow, err
}

package events

import (
	"errors"
	"sync"
)

// The limits of the queue between socket and processing, in events and in bytes. Processing never blocks, so only an
// overloaded machine reaches them.
const (
	queueMax   = 1 << 16
	queueBytes = 64 << 20
)

// eventBytes estimates the memory of an event.
func eventBytes(e *Event) int {
	n := 256 + len(e.Type) + len(e.Action) + len(e.ActorID) + len(e.ActorName)
	for k, v := range e.Attrs {
		n += 64 + len(k) + len(v)
	}
	return n
}

// readItem is an event from the socket, or the place of one that could not be read.
type readItem struct {
	event      Event
	unreadable bool // the event could not be read; event is empty
}

// queue holds events between socket and processing. It never blocks reading from the socket, since a stalled reader slows
// down every operation of its engine; when the queue is full, events are dropped and overflow is set.
type queue struct {
	wake chan struct{} // holds a token after a change
	room int           // bytes of events that may wait

	mu       sync.Mutex
	items    []readItem
	bytes    int // of items
	overflow bool
	err      error // the stream's end
}

// newQueue returns a queue for room bytes of events; zero means queueBytes.
func newQueue(room int) *queue {
	if room <= 0 {
		room = queueBytes
	}
	return &queue{wake: make(chan struct{}, 1), room: room}
}

// fill copies events from the decoder to the queue until the stream ends.
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

// take removes and returns all items. overflow reports whether events were dropped after them; err is the stream's end, nil
// while it is open.
func (q *queue) take() (items []readItem, overflow bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	items, overflow, err = q.items, q.overflow, q.err
	q.items, q.bytes, q.overflow = nil, 0, false
	return items, overflow, err
}

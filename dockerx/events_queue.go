package dockerx

import (
	"errors"
	"sync"
)

// eventQueueMax bounds what may wait between socket and processing; the latter never waits
// for anything, so only a starved machine gets here.
const eventQueueMax = 1 << 16

// readItem is one thing that came from the socket.
type readItem struct {
	event      Event
	unreadable bool // something here could not be read; event is empty
}

// eventQueue takes events from the socket without ever refusing: a reader that stalls slows
// every operation of its daemon.
type eventQueue struct {
	wake chan struct{} // has room for one

	mu       sync.Mutex
	items    []readItem
	overflow bool
	err      error // the stream's end
}

func newEventQueue() *eventQueue {
	return &eventQueue{wake: make(chan struct{}, 1)}
}

// fill copies from the decoder until the stream ends.
func (q *eventQueue) fill(d *eventDecoder) {
	for {
		e, err := d.next()
		q.mu.Lock()
		switch {
		case errors.Is(err, errUnreadable):
			q.items = append(q.items, readItem{unreadable: true})
		case err != nil:
			q.err = err
		case len(q.items) >= eventQueueMax:
			q.overflow = true
		default:
			q.items = append(q.items, readItem{event: e})
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
	q.items, q.overflow = nil, false
	return items, overflow, err
}

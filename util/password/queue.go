package password

import (
	"context"
	"slices"
	"sync"
	"time"

	"wharf/util/apperr"
)

// Class is the priority of a caller. Each class has separate places in the queue, so that many callers of one class don't
// exclude those of another.
type Class int

// The classes, in the order in which they are served.
const (
	Known   Class = iota // the user has logged in from the address before
	Normal               // not known, and the address has no recent failures
	Suspect              // the address has recent failures
	classes
)

// queue assigns a number of workers to callers, by class and then in the order of arrival.
type queue struct {
	room int // places of each class

	mu      sync.Mutex
	idle    int // workers; 0 while callers wait
	waiting [classes][]chan struct{}
}

// acquire waits for a worker, which the caller must return with release. Errors: TooMany if the class has no place left, ctx's.
func (q *queue) acquire(ctx context.Context, class Class) error {
	q.mu.Lock()
	if q.idle > 0 {
		q.idle--
		q.mu.Unlock()
		return nil
	}
	if len(q.waiting[class]) >= q.room {
		q.mu.Unlock()
		return &apperr.Error{Kind: apperr.TooMany, Msg: "too many logins at once, try again", RetryAfter: time.Second}
	}
	turn := make(chan struct{})
	q.waiting[class] = append(q.waiting[class], turn)
	q.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		q.leave(class, turn)
		return ctx.Err()
	}
}

// leave gives up a place in the queue. If the place has already been assigned a worker, the next caller gets that worker.
func (q *queue) leave(class Class, turn chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.waiting[class], turn); i >= 0 {
		q.waiting[class] = slices.Delete(q.waiting[class], i, i+1)
		return
	}
	q.next()
}

func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next()
}

// next assigns a free worker to the next caller. mu is held.
func (q *queue) next() {
	for class, turns := range q.waiting {
		if len(turns) > 0 {
			q.waiting[class] = turns[1:]
			close(turns[0])
			return
		}
	}
	q.idle++
}

package password

import (
	"context"
	"slices"
	"sync"
	"time"

	"wharf/util/apperr"
)

// Class is the priority of a caller. Each class has places of its own in the queue, so that many callers of one class don't
// keep out those of another.
type Class int

// The classes, in the order in which they are served.
const (
	Known   Class = iota // logged in from the same address before
	Normal               // nothing is known against the address
	Suspect              // the address failed lately
	classes
)

// queue hands out a number of workers, by class and then in the order of arrival.
type queue struct {
	room int // places of each class

	mu      sync.Mutex
	idle    int // workers; 0 while callers wait
	waiting [classes][]chan struct{}
}

// acquire waits for a worker, which release returns. Errors: TooMany if the class has no place left, ctx's.
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

// leave gives up a place in the queue. A worker that was handed to it meanwhile goes to the next.
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

// next hands a free worker to the next caller. The lock is held.
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

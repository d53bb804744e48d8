package password

import (
	"context"
	"slices"
	"sync"
	"time"

	"wharf/util/apperr"
)

// Class says how soon a caller's turn comes. Each class has places of its own in the queue, so that a
// crowd in one keeps nobody of another out.
type Class int

// The classes, the one that is served first at the top.
const (
	Known   Class = iota // logged in from the same address before
	Normal               // nothing is known against the address
	Suspect              // the address failed lately
	classes
)

// queue gives out a number of workers, by class and then in the order of arrival.
type queue struct {
	room int // places of each class

	mu      sync.Mutex
	idle    int // workers; none while anybody waits
	waiting [classes][]chan struct{}
}

// acquire waits for a worker, which release gives back. Errors: TooMany when the class has no place
// left, ctx's.
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

// leave takes a place back; a turn that came meanwhile goes to the next.
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

// next hands a free worker on. Its caller holds the lock.
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

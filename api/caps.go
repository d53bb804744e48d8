package api

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"wharf/service"
	"wharf/util/apperr"
)

// historyCap is how many queries of the past one actor may have under way at once: each may read, and hold until its
// client has taken it, a page of 8 MiB.
const historyCap = 4

// actorCaps counts what each actor has under way. The zero value is ready for use.
type actorCaps struct {
	mu   sync.Mutex
	held map[string]int
}

// enter takes one of the actor's places; leave gives it back. what is the plural of what they are for. Errors: TooMany
// where all are taken.
func (c *actorCaps) enter(actor service.Actor, most int, what string) (leave func(), err error) {
	key := actor.UserID.String() // the nil UUID for all anonymous callers
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		c.held = make(map[string]int)
	}
	if c.held[key] >= most {
		err := apperr.New(apperr.TooMany, "you have %d %s already: end one first", most, what)
		err.RetryAfter = time.Second
		return nil, err
	}
	c.held[key]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.held[key]--; c.held[key] == 0 {
			delete(c.held, key)
		}
	}, nil
}

// capped gives an endpoint of the past its bounds: so many an actor, and few at work at once.
func (s *Server) capped(next endpoint) endpoint {
	handle := next.serve
	next.serve = func(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
		leave, err := s.history.enter(actor, historyCap, "queries of the past under way")
		if err != nil {
			return err
		}
		defer leave()
		done, err := s.past.enter(r.Context())
		if err != nil {
			return err
		}
		defer done()
		return handle(&untilAnswered{ResponseWriter: w, done: done}, r, actor)
	}
	return next
}

// turnstile lets few queries of the past work at once: they read and encode much, and would take every core, and
// memory for a page each, from all other requests. While some wait, those that work take half of the time: a core that is
// busy without end lets everybody else's requests wait for the operating system to take it away.
type turnstile struct {
	turns   chan struct{}
	waiting atomic.Int64
}

const (
	// turnWait is how long a query waits for its turn.
	turnWait = 10 * time.Second
	// longestRest bounds the pause between two turns.
	longestRest = 2 * time.Millisecond
)

func newTurnstile() *turnstile {
	return &turnstile{turns: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
}

// enter waits for a turn; done, which may be called twice, ends it. Errors: TooMany, or ctx's.
func (t *turnstile) enter(ctx context.Context) (done func(), err error) {
	late := time.NewTimer(turnWait)
	defer late.Stop()
	t.waiting.Add(1)
	defer t.waiting.Add(-1)
	select {
	case t.turns <- struct{}{}:
		began := time.Now()
		return sync.OnceFunc(func() { t.leave(time.Since(began)) }), nil
	case <-late.C:
		err := apperr.New(apperr.TooMany, "too many queries of the past are under way: try again")
		err.RetryAfter = time.Second
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// leave gives a turn back that lasted so long, after a rest if another waits for it.
func (t *turnstile) leave(worked time.Duration) {
	if t.waiting.Load() == 0 {
		<-t.turns
		return
	}
	time.AfterFunc(min(worked, longestRest), func() { <-t.turns })
}

// rest is called between the parts of a long query, and pauses it for as long as it worked, if others wait.
func (t *turnstile) rest(ctx context.Context, worked time.Duration) {
	if t.waiting.Load() == 0 {
		return
	}
	select {
	case <-time.After(worked):
	case <-ctx.Done():
	}
}

// untilAnswered ends a turn when the answer begins: what a client takes its time to read is another's work no more.
type untilAnswered struct {
	http.ResponseWriter
	done func()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *untilAnswered) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *untilAnswered) WriteHeader(status int) {
	w.done()
	w.ResponseWriter.WriteHeader(status)
}

package api

import (
	"context"
	"net/http"
	"runtime"
	"sync"
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
// memory for a page each, from all other requests.
type turnstile chan struct{}

// turnWait is how long a query waits for its turn.
const turnWait = 10 * time.Second

func newTurnstile() turnstile { return make(turnstile, max(1, runtime.GOMAXPROCS(0)/2)) }

// enter waits for a turn; done, which may be called twice, ends it. Errors: TooMany, or ctx's.
func (t turnstile) enter(ctx context.Context) (done func(), err error) {
	late := time.NewTimer(turnWait)
	defer late.Stop()
	select {
	case t <- struct{}{}:
		return sync.OnceFunc(func() { <-t }), nil
	case <-late.C:
		err := apperr.New(apperr.TooMany, "too many queries of the past are under way: try again")
		err.RetryAfter = time.Second
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
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

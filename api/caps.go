package api

import (
	"net/http"
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

// capped gives an endpoint of the past its bound.
func (s *Server) capped(next endpoint) endpoint {
	handle := next.serve
	next.serve = func(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
		leave, err := s.history.enter(actor, historyCap, "queries of the past under way")
		if err != nil {
			return err
		}
		defer leave()
		return handle(w, r, actor)
	}
	return next
}

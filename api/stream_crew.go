package api

import (
	"context"
	"runtime"
	"sync"
)

// crew looks after many streams with a few workers: no more of them work at a time than there are
// processors, and none is there while no stream has anything to do. A stream at rest costs no
// goroutine and no stack.
type crew struct {
	mu sync.Mutex
	// now is worked off before what comes later, so that no stream waits for others' second turns.
	now, later []*eventStream
	working    int
}

// add has a stream given its turn. A stream must not be added again before that is over.
func (c *crew) add(s *eventStream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.later = append(c.later, s)
	c.hire()
}

// hire starts a worker if there is room for one. mu is held.
func (c *crew) hire() {
	if c.working < runtime.GOMAXPROCS(0) {
		c.working++
		go c.work()
	}
}

func (c *crew) work() {
	for s := c.take(); s != nil; s = c.take() {
		switch again, err := s.guardedTurn(context.Background()); {
		case err != nil:
			s.ended(err)
		case again:
			c.add(s)
		}
	}
}

// take gives a worker its next stream: none if it should go.
func (c *crew) take() *eventStream {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.now) == 0 {
		c.now, c.later = c.later, c.now
	}
	if len(c.now) == 0 || c.working > runtime.GOMAXPROCS(0) {
		c.working--
		return nil
	}
	last := len(c.now) - 1
	s := c.now[last]
	c.now[last] = nil
	c.now = c.now[:last]
	return s
}

// aside runs what may wait. Meanwhile another worker may take the caller's place. Without a crew
// the caller has the time.
func (c *crew) aside(wait func()) {
	if c == nil {
		wait()
		return
	}
	c.mu.Lock()
	c.working--
	if len(c.now)+len(c.later) > 0 {
		c.hire()
	}
	c.mu.Unlock()
	defer func() { // also where wait panics
		c.mu.Lock()
		c.working++
		c.mu.Unlock()
	}()
	wait()
}

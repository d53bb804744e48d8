package dockerapi

import (
	"context"
	"sync"
	"time"

	"wharf/util/apperr"
)

const (
	// rawPerCaller and rawTotal bound the calls forwarded at the same time, of one user and of all.
	rawPerCaller, rawTotal = 256, 4096
	// closeTime is how long Close waits for calls to end.
	closeTime = time.Second
)

var (
	errStopping     = apperr.New(apperr.NotReady, "the server is stopping")
	errSessionEnded = apperr.New(apperr.Unauthorized, "the key is no longer good, or its user's rights have changed")
)

// rawCalls tracks the calls that are being forwarded. The zero value is ready for use.
type rawCalls struct {
	mu      sync.Mutex
	closed  bool
	last    int
	open    map[int]context.CancelCauseFunc
	callers map[string]int
	none    chan struct{} // closed when closed is set and no call is left
}

// enter registers a call. Its context ends when cancel is called or the server stops; leave must be called at the call's end.
// Errors: TooMany, NotReady.
func (c *rawCalls) enter(parent context.Context, caller string) (ctx context.Context, cancel context.CancelCauseFunc, leave func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return nil, nil, nil, errStopping
	case c.callers[caller] >= rawPerCaller:
		return nil, nil, nil, apperr.New(apperr.TooMany, "you have %d calls under way already", rawPerCaller)
	case len(c.open) >= rawTotal:
		return nil, nil, nil, apperr.New(apperr.TooMany, "there are %d calls under way already, as many as there may be", rawTotal)
	}
	if c.open == nil {
		c.open, c.callers = map[int]context.CancelCauseFunc{}, map[string]int{}
	}
	ctx, cancel = context.WithCancelCause(parent)
	c.last++
	id := c.last
	c.open[id] = cancel
	c.callers[caller]++
	return ctx, cancel, func() {
		cancel(nil)
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.open, id)
		if c.callers[caller]--; c.callers[caller] == 0 {
			delete(c.callers, caller)
		}
		if c.none != nil && len(c.open) == 0 {
			close(c.none)
			c.none = nil
		}
	}, nil
}

// close ends all calls and rejects new ones. It returns when they have ended, after closeTime at most.
func (c *rawCalls) close() {
	c.mu.Lock()
	c.closed = true
	none := make(chan struct{})
	if len(c.open) == 0 {
		close(none)
	} else if c.none == nil {
		c.none = none
	}
	for _, cancel := range c.open {
		cancel(errStopping)
	}
	c.mu.Unlock()
	select {
	case <-none:
	case <-time.After(closeTime):
	}
}

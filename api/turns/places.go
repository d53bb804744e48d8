package turns

import (
	"sync"
	"time"

	"wharf/util/apperr"
)

// perCaller is how many queries of the past one caller may have under way at once. Each may read a page of 8 MiB, and holds it
// until its client has read it.
const perCaller = 4

// places counts the queries that each caller has under way. The zero value is ready for use.
type places struct {
	mu   sync.Mutex
	held map[string]int
}

// enter takes one of the caller's places; leave gives it back. Errors: TooMany if all are taken.
func (p *places) enter(caller string) (leave func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil {
		p.held = make(map[string]int)
	}
	if p.held[caller] >= perCaller {
		err := apperr.New(apperr.TooMany, "you have %d queries of the past under way already: end one first", perCaller)
		err.RetryAfter = time.Second
		return nil, err
	}
	p.held[caller]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.held[caller]--; p.held[caller] == 0 {
			delete(p.held, caller)
		}
	}, nil
}

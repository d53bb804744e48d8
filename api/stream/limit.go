package stream

import (
	"sync"
	"time"

	"wharf/util/apperr"
)

// limit counts the streams that are open.
type limit struct {
	perCaller, total int

	mu   sync.Mutex
	held map[string]int
	all  int
}

// enter takes a place; leave gives it back. Errors: TooMany.
func (l *limit) enter(caller string) (leave func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.held[caller] >= l.perCaller:
		return nil, tooMany("you have %d streams open already: end one first", l.perCaller)
	case l.all >= l.total:
		return nil, tooMany("%d streams are open already: try again later", l.total)
	}
	if l.held == nil {
		l.held = make(map[string]int)
	}
	l.held[caller]++
	l.all++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.all--
		if l.held[caller]--; l.held[caller] == 0 {
			delete(l.held, caller)
		}
	}, nil
}

func tooMany(format string, count int) error {
	err := apperr.New(apperr.TooMany, format, count)
	err.RetryAfter = time.Second
	return err
}

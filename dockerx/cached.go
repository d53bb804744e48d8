package dockerx

import (
	"context"
	"sync"
	"time"

	"wharf/dockerx/connect"
)

// cached shares one reading of an engine between callers at the same time, and keeps it while it is still true: until drop,
// for maxAge, and only while the host's events are read.
type cached[T any] struct {
	maxAge time.Duration

	mu      sync.Mutex
	era     uint64 // counts what made readings untrue
	kept    *T
	keptEra uint64
	keptAt  time.Time
	flight  *reading[T]
}

// reading is one under way.
type reading[T any] struct {
	era  uint64
	done chan struct{}
	got  *T
	err  error
}

// get returns what is kept, if it is still true and not too old, else what read returns. None of the callers ends a reading
// by leaving.
func (c *cached[T]) get(ctx context.Context, h *Host, read func(context.Context) (*T, error)) (*T, error) {
	flight, kept := c.join(h, read)
	if kept != nil {
		return kept, nil
	}
	select {
	case <-flight.done:
		return flight.got, flight.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join returns what is kept or the reading to wait for, which it begins if there is none that began after the last change.
func (c *cached[T]) join(h *Host, read func(context.Context) (*T, error)) (*reading[T], *T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept != nil && c.keptEra == c.era && time.Since(c.keptAt) < c.maxAge && h.streamUp() {
		return nil, c.kept
	}
	if c.flight != nil && c.flight.era == c.era {
		return c.flight, nil
	}
	flight := &reading[T]{era: c.era, done: make(chan struct{})}
	if !h.spawn(func() { c.fly(h, flight, read) }) {
		flight.err = unreachable(h.name, connect.FaultRefused, time.Time{}, context.Canceled)
		close(flight.done)
		return flight, nil
	}
	c.flight = flight
	return flight, nil
}

func (c *cached[T]) fly(h *Host, flight *reading[T], read func(context.Context) (*T, error)) {
	began := time.Now()
	flight.got, flight.err = read(h.life)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight == flight {
		c.flight = nil
	}
	if flight.err == nil {
		c.keep(flight.got, flight.era, began)
	}
	close(flight.done)
}

// keep keeps what was read in an era. mu is held.
func (c *cached[T]) keep(got *T, era uint64, began time.Time) {
	if era == c.era {
		c.kept, c.keptEra, c.keptAt = got, era, began
	}
}

// renew keeps what read returns, whatever is kept or under way.
func (c *cached[T]) renew(read func() (*T, error)) (*T, error) {
	c.mu.Lock()
	era, began := c.era, time.Now()
	c.mu.Unlock()
	got, err := read()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.keep(got, era, began)
	}
	return got, err
}

// drop says that what is kept is untrue, and with it readings that began before.
func (c *cached[T]) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.era++
}

// still returns what is kept, nil where it isn't sure to be true, whatever its age.
func (c *cached[T]) still() *T {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keptEra != c.era {
		return nil
	}
	return c.kept
}

// latest returns what was kept last, true or not; nil at first.
func (c *cached[T]) latest() *T {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept
}

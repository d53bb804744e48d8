package dockerx

import (
	"context"
	"sync"
	"time"

	"wharf/dockerx/connect"
)

// cached shares one read of an engine between concurrent callers, and keeps its result until drop is called, for maxAge at
// most, and only while the host's events are read.
type cached[T any] struct {
	maxAge time.Duration

	mu      sync.Mutex
	era     uint64 // number of calls of drop; a result of an older era is outdated
	kept    *T
	keptEra uint64
	keptAt  time.Time
	flight  *reading[T]
}

// reading is a read in progress.
type reading[T any] struct {
	era  uint64
	done chan struct{}
	got  *T
	err  error
}

// get returns the kept result if it is still valid, else the result of read. A caller whose ctx ends doesn't end the read:
// others may wait for it.
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

// join returns the kept result, or the read to wait for. It starts a read unless one has started since the last drop.
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

// keep stores a result unless drop was called since its read began. The caller holds mu.
func (c *cached[T]) keep(got *T, era uint64, began time.Time) {
	if era == c.era {
		c.kept, c.keptEra, c.keptAt = got, era, began
	}
}

// renew calls read and keeps its result, even if the kept one is valid or another read is in progress.
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

// drop invalidates the kept result and the reads in progress.
func (c *cached[T]) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.era++
}

// still returns the kept result, of any age, or nil if drop was called since it was read.
func (c *cached[T]) still() *T {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keptEra != c.era {
		return nil
	}
	return c.kept
}

// latest returns the last result, valid or not; nil before the first.
func (c *cached[T]) latest() *T {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept
}

package db

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// readyFor is how long the outcome of one write stands for the next questions, so that they cost no write each.
const readyFor = time.Second

// readiness is the outcome of the latest write that was only tried.
type readiness struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// Writable reports, as an error, that the database can't be written: it is away, read-only, or its disk is full. It
// tries, once a second at most, within Options.Timeout.
func (d *DB) Writable(ctx context.Context) error {
	r := &d.ready
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.at.IsZero() && time.Since(r.at) < readyFor {
		return r.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.opts.Timeout) // the outcome is for others too
	defer cancel()
	n, err := d.Queries().RaiseCounter(ctx, "ready")
	switch {
	case err != nil:
		r.err = fmt.Errorf("write to %s: %w", d.kind, err)
	case n != 1:
		r.err = fmt.Errorf("write to %s: %d rows, want 1", d.kind, n)
	default:
		r.err = nil
	}
	r.at = time.Now()
	return r.err
}

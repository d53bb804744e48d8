package db

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// readyFor is how long the result of a trial write is reused, so that not every call writes.
const readyFor = time.Second

// readiness is the result of the latest trial write.
type readiness struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// Writable returns an error if the database can't be written: it doesn't answer, is read-only, or its disk is full. It makes
// a trial write, at most once a second and within Options.Timeout.
func (d *DB) Writable(ctx context.Context) error {
	r := &d.ready
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.at.IsZero() && time.Since(r.at) < readyFor {
		return r.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.opts.Timeout) // callers share the result
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

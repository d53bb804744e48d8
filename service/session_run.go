package service

import (
	"context"
	"time"

	"wharf/db"
)

const (
	touchEvery = 15 * time.Second
	pruneEvery = 5 * time.Minute
)

// Run watches for the end of sessions on all replicas, writes the last uses of sessions, and deletes expired sessions. It
// returns nil when ctx ends.
func (s *Sessions) Run(ctx context.Context) error {
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		s.revocations.run(ctx)
	}()
	s.tidy(ctx)
	<-watching
	return nil
}

// tidy does the periodic work. Errors need no retry: the next round does the work.
func (s *Sessions) tidy(ctx context.Context) {
	touch, prune := time.NewTicker(touchEvery), time.NewTicker(pruneEvery)
	defer touch.Stop()
	defer prune.Stop()
	_ = s.prune(ctx)
	for {
		select {
		case <-touch.C:
			_ = s.cache.writeTouched(ctx)
		case <-prune.C:
			_ = s.prune(ctx)
		case <-ctx.Done():
			// Write the last uses within the short time of the shutdown.
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = s.cache.writeTouched(last)
			return
		}
	}
}

// prune deletes expired sessions, tickets and tries to free space: they are already invalid.
func (s *Sessions) prune(ctx context.Context) error {
	wall, believed := s.opts.Clock.Believed()
	if !believed {
		return nil
	}
	now, q := db.Time(wall), s.db.Queries()
	if err := s.gate.shared.prune(ctx, now); err != nil { // the tries of all kinds
		return err
	}
	if _, err := q.DeleteExpiredTickets(ctx, now); err != nil {
		return err
	}
	if _, err := q.DeleteExpiredTerminalTickets(ctx, now); err != nil {
		return err
	}
	_, err := q.DeleteExpiredSessions(ctx, now)
	return err
}

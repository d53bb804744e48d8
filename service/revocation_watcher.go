package service

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// revocationPoll is the interval at which watches are checked: for their expiry, and for revocations by other replicas unless
// the database notifies of them.
const revocationPoll = 250 * time.Millisecond

// revocationWatcher ends streams when their session has ended or its user's rights have changed.
type revocationWatcher struct {
	cache *sessionCache
	wake  chan struct{} // check now

	mu      sync.Mutex
	watches map[*sessionWatch]struct{}
}

type sessionWatch struct {
	session uuid.UUID // zero: onEnd is called at each revocation
	onEnd   func()
	// count is the counter of revocations at the last check; -1 before the first.
	count     int64
	rights    int64
	hasRights bool // rights is set
	until     time.Time
}

func newRevocationWatcher(c *sessionCache) *revocationWatcher {
	return &revocationWatcher{cache: c, wake: make(chan struct{}, 1), watches: map[*sessionWatch]struct{}{}}
}

// checkNow has run check at once.
func (w *revocationWatcher) checkNow() {
	select {
	case w.wake <- struct{}{}:
	default: // a check is due already
	}
}

func (w *revocationWatcher) add(session uuid.UUID, onEnd func()) *sessionWatch {
	one := &sessionWatch{session: session, onEnd: onEnd, count: -1}
	// The caller's request was authenticated a moment ago, with these rights.
	if e, ok := w.cache.peek(session); ok {
		one.rights, one.hasRights, one.until = e.rights, true, e.expiresAt
	}
	w.mu.Lock()
	w.watches[one] = struct{}{}
	w.mu.Unlock()
	w.checkNow()
	return one
}

func (w *revocationWatcher) remove(one *sessionWatch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.watches, one)
}

// run checks until ctx ends.
func (w *revocationWatcher) run(ctx context.Context) {
	tick := time.NewTicker(revocationPoll)
	defer tick.Stop()
	var ticks <-chan time.Time
	owed := false // the last look at the counter failed
	for {
		look := true
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			look = owed || !w.cache.db.Listening()
		case <-w.wake:
		}
		ticks = nil // no watches: stop polling until one is added
		watches := w.all()
		if len(watches) == 0 {
			continue
		}
		ticks = tick.C
		owed = w.check(ctx, watches, look) != nil
	}
}

// all returns the watches.
func (w *revocationWatcher) all() []*sessionWatch {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Keys(w.watches))
}

// check ends watches that have expired, and with look reads each watched session again if anything was revoked since the last
// check. If the database doesn't answer, which is the error, no watch ends: nothing can have been revoked.
func (w *revocationWatcher) check(ctx context.Context, watches []*sessionWatch, look bool) error {
	count, err := int64(0), error(nil)
	if look {
		count, err = w.cache.refresh(ctx)
	}
	for _, one := range watches {
		switch {
		case !one.until.IsZero() && !time.Now().Before(one.until):
			w.end(one)
		case look && err == nil && one.count != count:
			err = w.checkOne(ctx, one, count)
		}
	}
	return err
}

// revoked takes the counter as another part of the process has read it.
func (w *revocationWatcher) revoked(count int64) {
	w.cache.mu.Lock()
	outdated := w.cache.count != count
	w.cache.mu.Unlock()
	if outdated {
		w.checkNow()
	}
}

func (w *revocationWatcher) checkOne(ctx context.Context, one *sessionWatch, count int64) error {
	if one.session == uuid.Nil {
		one.count = count
		one.onEnd()
		return nil
	}
	e, err := w.cache.get(ctx, one.session)
	if err != nil {
		return err
	}
	if !e.alive(time.Now()) || (one.hasRights && e.rights != one.rights) {
		w.end(one)
		return nil
	}
	one.count, one.rights, one.hasRights, one.until = count, e.rights, true, e.expiresAt
	return nil
}

func (w *revocationWatcher) end(one *sessionWatch) {
	w.remove(one)
	one.onEnd() // only run's goroutine gets here, and only once for each
}

// Revoked says that rights were taken away, by whatever replica: watches are checked now. It doesn't block.
func (s *Sessions) Revoked() { s.revocations.checkNow() }

// CountRevocations takes the counter of revocations as it was read elsewhere: where it has moved, watches are checked now.
func (s *Sessions) CountRevocations(count int64) { s.revocations.revoked(count) }

// OnEnd calls f within a second of the session's end (logout, expiry, user disabled or deleted) or of a change of its
// user's rights, here or on another replica. It calls f at most once; f must not block. The returned function releases the
// watch, but doesn't wait for a call of f that has begun. For the zero UUID, of callers without a session, f is never
// called.
func (s *Sessions) OnEnd(id uuid.UUID, f func()) (forget func()) {
	if id == uuid.Nil {
		return func() {}
	}
	one := s.revocations.add(id, f)
	return func() { s.revocations.remove(one) }
}

// OnRevocation calls f within a second of each RaiseRevocations, here or on another replica, and once soon after the call. f
// must not block. The returned function releases the watch, as OnEnd's.
func (s *Sessions) OnRevocation(f func()) (forget func()) {
	one := s.revocations.add(uuid.Nil, f)
	return func() { s.revocations.remove(one) }
}

// Ended is like OnEnd, with a channel that is closed in place of a call. It is nil for callers without a session.
func (s *Sessions) Ended(id uuid.UUID) (ended <-chan struct{}, forget func()) {
	if id == uuid.Nil {
		return nil, func() {}
	}
	c := make(chan struct{})
	return c, s.OnEnd(id, func() { close(c) })
}

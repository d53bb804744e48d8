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
	count   int64 // of revocations, at the last look that every watch was checked with
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

func (w *revocationWatcher) add(one *sessionWatch) *sessionWatch {
	one.count = -1
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
		// A notification comes after the counter was raised: what was found before it, however recently, may lack that.
		count, err = w.cache.refresh(ctx, 0)
	}
	for _, one := range watches {
		switch {
		case !one.until.IsZero() && !time.Now().Before(one.until):
			w.end(one)
		case look && err == nil && one.count != count:
			err = w.checkOne(ctx, one, count)
		}
	}
	if look && err == nil {
		w.mu.Lock()
		w.count = count
		w.mu.Unlock()
	}
	return err
}

// revoked takes the counter as another part of the process has read it.
func (w *revocationWatcher) revoked(count int64) {
	w.mu.Lock()
	outdated := w.count != count
	w.mu.Unlock()
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

// OnEnd calls f within a second of the end of the actor's session (logout, expiry, user disabled or deleted) or of a change
// of its user's rights since the actor was read, here or on another replica. It calls f at most once; f must not block. The
// returned function releases the watch, but doesn't wait for a call of f that has begun. For an actor without a session f is
// never called.
func (s *Sessions) OnEnd(actor Actor, f func()) (forget func()) {
	if actor.SessionID == uuid.Nil {
		return func() {}
	}
	one := s.revocations.add(&sessionWatch{session: actor.SessionID, rights: actor.rights, hasRights: actor.hasRights, onEnd: f})
	return func() { s.revocations.remove(one) }
}

// OnRevocation calls f within a second of each RaiseRevocations, here or on another replica, and once soon after the call. f
// must not block. The returned function releases the watch, as OnEnd's.
func (s *Sessions) OnRevocation(f func()) (forget func()) {
	one := s.revocations.add(&sessionWatch{onEnd: f})
	return func() { s.revocations.remove(one) }
}

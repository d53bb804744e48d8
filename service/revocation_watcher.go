package service

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// revocationPoll is the interval at which watches are checked for expiry, and for revocations by other replicas unless the
// database sends notifications.
const revocationPoll = 250 * time.Millisecond

// revocationWatcher ends streams when their session has ended or its user's rights have changed.
type revocationWatcher struct {
	cache *sessionCache
	wake  chan struct{} // check now

	mu      sync.Mutex
	watches map[*sessionWatch]struct{}
	count   int64 // of revocations, at the last check of all watches
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

// checkNow wakes run for an immediate check.
func (w *revocationWatcher) checkNow() {
	select {
	case w.wake <- struct{}{}:
	default: // a check is already due
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
	failed := false // the last read of the counter failed
	for {
		readCounter := true
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			readCounter = failed || !w.cache.db.Listening()
		case <-w.wake:
		}
		ticks = nil // no watches: stop polling until one is added
		watches := w.all()
		if len(watches) == 0 {
			continue
		}
		ticks = tick.C
		failed = w.check(ctx, watches, readCounter) != nil
	}
}

// all returns the watches.
func (w *revocationWatcher) all() []*sessionWatch {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Keys(w.watches))
}

// check ends watches that have expired. With readCounter it also reads each watched session again if anything was revoked since
// the watch's last check. If the database doesn't answer, check returns its error and ends no further watch: without the
// database nothing can be revoked.
func (w *revocationWatcher) check(ctx context.Context, watches []*sessionWatch, readCounter bool) error {
	count, err := int64(0), error(nil)
	if readCounter {
		// A notification follows an increment of the counter: any earlier read, however recent, may miss it.
		count, err = w.cache.refresh(ctx, 0)
	}
	for _, one := range watches {
		switch {
		case !one.until.IsZero() && !time.Now().Before(one.until):
			w.end(one)
		case readCounter && err == nil && one.count != count:
			err = w.checkOne(ctx, one, count)
		}
	}
	if readCounter && err == nil {
		w.mu.Lock()
		w.count = count
		w.mu.Unlock()
	}
	return err
}

// revoked wakes run if count, as another part of the process has read it, differs from the last check.
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
	one.onEnd() // only run's goroutine calls end, once per watch
}

// Revoked starts a check of all watches. Call it when any replica has revoked rights. It doesn't block.
func (s *Sessions) Revoked() { s.revocations.checkNow() }

// CountRevocations starts a check of all watches if count, the counter of revocations as read elsewhere, has changed since
// the last check.
func (s *Sessions) CountRevocations(count int64) { s.revocations.revoked(count) }

// OnEnd calls f within a second after the actor's session ends (logout, expiry, user disabled or deleted) or its user's
// rights change, compared with those in actor, on this or another replica. It calls f at most once; f must not block. forget
// releases the watch, but doesn't wait for a call of f that has begun. For an actor without a session f is never called.
func (s *Sessions) OnEnd(actor Actor, f func()) (forget func()) {
	if actor.SessionID == uuid.Nil {
		return func() {}
	}
	one := s.revocations.add(&sessionWatch{session: actor.SessionID, rights: actor.rights, hasRights: actor.hasRights, onEnd: f})
	return func() { s.revocations.remove(one) }
}

// OnRevocation calls f within a second after each RaiseRevocations, on this or another replica, and once soon after
// OnRevocation itself. f must not block. forget releases the watch, like OnEnd's.
func (s *Sessions) OnRevocation(f func()) (forget func()) {
	one := s.revocations.add(&sessionWatch{onEnd: f})
	return func() { s.revocations.remove(one) }
}

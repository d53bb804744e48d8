package service

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
)

// Ended is like OnEnd, for the actor of a session in the cache. It closes a channel instead of calling a function.
func (s *Sessions) Ended(id uuid.UUID) (ended <-chan struct{}, forget func()) {
	if id == uuid.Nil {
		return nil, func() {}
	}
	actor := Actor{SessionID: id}
	s.cache.mu.Lock()
	if e, ok := s.cache.entries[id]; ok {
		actor = e.actor(id)
	}
	s.cache.mu.Unlock()
	c := make(chan struct{})
	return c, s.OnEnd(actor, func() { close(c) })
}

// Watches end on a revocation whose notification arrives just after the counter was read, and on one that a request has found
// before the watches were checked.
func TestNoRevocationIsMissed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		l := b.login(t)
		cache := newSessionCache(d, time.Hour) // every check counts as recent
		w := newRevocationWatcher(cache)
		ended := false
		w.add(&sessionWatch{session: l.SessionID, onEnd: func() { ended = true }})
		require.NoError(t, w.check(t.Context(), w.all(), true))
		require.False(t, ended)
		<-w.wake // the signal from add

		require.NoError(t, b.sessions.Logout(t.Context(), l.RefreshToken))
		count, err := cache.refresh(t.Context(), 0)
		require.NoError(t, err)
		w.revoked(count)
		require.Len(t, w.wake, 1, "the watches are older than the counter")
		require.NoError(t, w.check(t.Context(), w.all(), true))
		require.True(t, ended)
		<-w.wake

		l, ended = b.login(t), false
		w.add(&sessionWatch{session: l.SessionID, onEnd: func() { ended = true }})
		require.NoError(t, w.check(t.Context(), w.all(), true))
		require.NoError(t, b.sessions.Logout(t.Context(), l.RefreshToken))
		require.NoError(t, w.check(t.Context(), w.all(), true))
		require.True(t, ended, "what was read just before is not good enough")
	})
}

// A stream ends if its user's rights changed between the authentication and the start of the watch.
func TestRightsThatChangeBeforeAWatchBeginsEndIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		l := b.login(t)
		actor, err := b.sessions.Authenticate(t.Context(), l.AccessToken)
		require.NoError(t, err)
		spare := named("spare")
		spare.Role = RoleAdmin
		_, err = b.users.AddFromCLI(t.Context(), spare)
		require.NoError(t, err)
		viewer := RoleViewer
		_, err = b.users.Update(t.Context(), *admin, "gildong", UserChange{Role: &viewer})
		require.NoError(t, err)
		_, err = b.sessions.Authenticate(t.Context(), l.AccessToken)
		require.NoError(t, err)
		ended := make(chan struct{})
		defer b.sessions.OnEnd(actor, func() { close(ended) })()
		requireEnded(t, ended)
	})
}

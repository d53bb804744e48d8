package service

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/util/apperr"
)

func TestRotationGivesANewTokenAndKeepsTheOldForAMoment(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{Rotate: true})
		l := b.session(t)
		first, err := b.sessions.Renew(t.Context(), l.RefreshToken)
		require.NoError(t, err)
		require.NotEmpty(t, first.RefreshToken)
		require.True(t, l.RefreshExpiresAt.Equal(first.RefreshExpiresAt), "the session doesn't grow older")
		// Two tabs, and an answer that got lost: all tokens stay valid.
		again, err := b.sessions.Renew(t.Context(), l.RefreshToken)
		require.NoError(t, err)
		for _, r := range []string{first.RefreshToken, again.RefreshToken} {
			_, err := b.sessions.Renew(t.Context(), r)
			require.NoError(t, err)
		}
		require.NoError(t, b.sessions.Logout(t.Context(), first.RefreshToken), "any of them logs out")
		_, err = b.sessions.Renew(t.Context(), again.RefreshToken)
		requireUnauthorized(t, err)
	})
}

func TestReplacedTokenShownLateEndsTheFamily(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{Rotate: true})
		l := b.session(t)
		row, err := d.Queries().GetSession(t.Context(), l.SessionID)
		require.NoError(t, err)
		// A thief renews; the owner sends the old token after the grace period.
		stolen, err := b.sessions.rotate(t.Context(), row, hashOf(l.RefreshToken), db.Time(time.Now().Add(-rotationGrace-time.Second)))
		require.NoError(t, err)
		b.actor(t, l)
		_, err = b.sessions.Renew(t.Context(), l.RefreshToken)
		requireUnauthorized(t, err)
		_, err = b.sessions.Renew(t.Context(), stolen)
		requireUnauthorized(t, err)
		_, err = b.sessions.Authenticate(t.Context(), l.AccessToken)
		requireUnauthorized(t, err)
	})
}

func TestRenewalsAtOnceAllGoOn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{Rotate: true})
		l := b.session(t)
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				r, err := b.sessions.Renew(t.Context(), l.RefreshToken)
				if err == nil {
					_, err = b.sessions.Renew(t.Context(), r.RefreshToken)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

// The tokens of concurrent renewals are one generation: when one of them is renewed, all are replaced, and a later use of
// another ends the session after the grace period.
func TestRenewalsAtOnceAreOneBranch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{Rotate: true})
		l := b.session(t)
		row, err := d.Queries().GetSession(t.Context(), l.SessionID)
		require.NoError(t, err)
		earlier := db.Time(time.Now().Add(-rotationGrace - time.Second))
		var branch [16]string
		for i := range branch {
			branch[i], err = b.sessions.rotate(t.Context(), row, hashOf(l.RefreshToken), earlier)
			require.NoError(t, err)
		}
		next, err := b.sessions.rotate(t.Context(), row, hashOf(branch[0]), earlier)
		require.NoError(t, err)
		next2, err := b.sessions.Renew(t.Context(), next)
		require.NoError(t, err, "it goes on")
		_, err = b.sessions.Renew(t.Context(), branch[1])
		requireUnauthorized(t, err)
		_, err = b.sessions.Renew(t.Context(), next2.RefreshToken)
		requireUnauthorized(t, err)
	})
}

// All changes of a session first lock its row, so that a logout and renewals wait for each other instead of deadlocking. A
// renewal after the logout is refused, as for any session that has ended.
func TestLogoutBesideRenewals(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{Rotate: true})
		for range rounds(25, 1000) {
			l := b.session(t)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					_, err := b.sessions.Renew(t.Context(), l.RefreshToken)
					if err != nil && apperr.KindOf(err) != apperr.Unauthorized {
						t.Error(err)
					}
				})
			}
			wg.Go(func() {
				if err := b.sessions.Logout(t.Context(), l.RefreshToken); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			_, err := b.sessions.Renew(t.Context(), l.RefreshToken)
			requireUnauthorized(t, err)
		}
		require.Zero(t, d.Retries(), "a deadlock was run again")
	})
}

func TestWithoutRotationTheTokenStays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		l := b.session(t)
		for range 3 {
			r, err := b.sessions.Renew(t.Context(), l.RefreshToken)
			require.NoError(t, err)
			require.Empty(t, r.RefreshToken)
		}
	})
}

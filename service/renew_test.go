package service

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
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
		// Two tabs, and an answer that got lost: all of them go on.
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
		// The thief renews; the owner comes with the old token after the grace.
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

func TestRenewalsAtOnceAllRotate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{Rotate: true})
		l := b.session(t)
		var wg sync.WaitGroup
		for range 8 {
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

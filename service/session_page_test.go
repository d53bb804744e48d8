package service

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
)

func TestReplacedPageHalvesEndTheSessionAndOneOfThemDoesNot(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		old, err := b.sessions.LoginPage(t.Context(), "gildong", "123123", Client{})
		require.NoError(t, err)
		session, err := d.Queries().GetSession(t.Context(), old.SessionID)
		require.NoError(t, err)
		// A thief renews; the owner sends the old halves after the grace period.
		stolen, longAgo := old, db.Time(time.Now().Add(-rotationGrace-time.Second))
		require.NoError(t, b.sessions.rotateHalves(t.Context(), &stolen, session, []string{cookieHash(old.Cookie), storedHash(old.Stored)}, longAgo))
		_, err = b.sessions.RenewPage(t.Context(), old.Cookie, stolen.Stored)
		requireUnauthorized(t, err)
		_, err = b.sessions.Authenticate(t.Context(), old.AccessToken)
		require.NoError(t, err, "one old half ends nothing")
		_, err = b.sessions.RenewPage(t.Context(), old.Cookie, old.Stored)
		requireUnauthorized(t, err)
		_, err = b.sessions.RenewPage(t.Context(), stolen.Cookie, stolen.Stored)
		requireUnauthorized(t, err)
		_, err = b.sessions.Authenticate(t.Context(), old.AccessToken)
		requireUnauthorized(t, err)
	})
}

func TestPageRenewalsAtOnceAllGoOn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		p, err := b.sessions.LoginPage(t.Context(), "gildong", "123123", Client{})
		require.NoError(t, err)
		const tabs = 8
		got := make(chan PageTokens, tabs)
		for range tabs {
			go func() {
				next, err := b.sessions.RenewPage(t.Context(), p.Cookie, p.Stored)
				if err != nil {
					t.Error(err)
				}
				got <- next
			}()
		}
		var all []PageTokens
		for range tabs {
			all = append(all, <-got)
		}
		// Any two current halves are valid together.
		_, err = b.sessions.RenewPage(t.Context(), all[0].Cookie, all[tabs-1].Stored)
		require.NoError(t, err)
	})
}

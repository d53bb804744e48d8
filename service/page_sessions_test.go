package service

import (
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
)

// replaceLongAgo marks halves as replaced before the grace time.
func replaceLongAgo(t *testing.T, d *db.DB, p PageTokens, hashes ...string) {
	t.Helper()
	for _, hash := range hashes {
		require.NoError(t, d.Queries().ReplaceRefreshToken(t.Context(), sqlc.ReplaceRefreshTokenParams{
			Hash: hash, SessionID: p.SessionID, ReplacedAt: sql.NullTime{Time: db.Time(time.Now().Add(-rotationGrace - time.Second)), Valid: true},
		}))
	}
}

func TestReplacedPageHalvesEndTheSession(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		old, err := b.sessions.LoginPage(t.Context(), "gildong", "123123", Client{})
		require.NoError(t, err)
		replaceLongAgo(t, d, old, cookieHash(old.Cookie), storedHash(old.Stored))
		_, err = b.sessions.RenewPage(t.Context(), old.Cookie, old.Stored)
		requireUnauthorized(t, err)
		_, err = b.sessions.Authenticate(t.Context(), old.AccessToken)
		requireUnauthorized(t, err)
	})
}

func TestOneReplacedPageHalfIsRefusedAndEndsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		p, err := b.sessions.LoginPage(t.Context(), "gildong", "123123", Client{})
		require.NoError(t, err)
		next, err := b.sessions.RenewPage(t.Context(), p.Cookie, p.Stored)
		require.NoError(t, err)
		replaceLongAgo(t, d, next, cookieHash(next.Cookie))
		_, err = b.sessions.RenewPage(t.Context(), next.Cookie, next.Stored)
		requireUnauthorized(t, err)
		_, err = b.sessions.Authenticate(t.Context(), next.AccessToken)
		require.NoError(t, err)
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
		// Whichever cookie and stored half end up together, they go on.
		_, err = b.sessions.RenewPage(t.Context(), all[0].Cookie, all[tabs-1].Stored)
		require.NoError(t, err)
	})
}

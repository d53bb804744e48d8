package service

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/util/apperr"
)

func TestKeyStandsForItsUserUpToItsRole(t *testing.T) {
	t.Parallel()
	dbtest.EachSource(t, func(t *testing.T, source string) {
		b := newFixture(t, dbtest.Open(t, source), SessionsOptions{})
		other := replica(t, dbtest.Open(t, source), b.maker, SessionsOptions{})
		me := b.actor(t, b.session(t))
		k, err := b.sessions.CreateKey(t.Context(), me, NewAPIKey{Name: "ci", Role: RoleViewer})
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(k.Secret, "wharf_"))
		machine, err := other.sessions.Authenticate(t.Context(), k.Secret)
		require.NoError(t, err)
		require.Equal(t, me.UserID, machine.UserID)
		require.True(t, machine.Has(View))
		require.False(t, machine.Has(Operate), "capped, though its user is an admin")
		require.False(t, machine.Has(Administer))

		stored, err := b.db.Queries().GetAPIKey(t.Context(), k.ID)
		require.NoError(t, err)
		require.NotContains(t, stored.Hash, k.Secret)
		require.NoError(t, other.sessions.cache.writeTouched(t.Context()))
		all, next, err := b.sessions.Keys(t.Context(), me, Page{})
		require.NoError(t, err)
		require.Empty(t, next)
		require.Len(t, all, 1)
		require.Empty(t, all[0].Secret)
		require.False(t, all[0].LastUsedAt.IsZero())

		for _, bad := range []string{
			"wharf_", k.Secret[:len(k.Secret)-1], k.Secret + "x", strings.ToLower(k.Secret), "wharf__", "wharf_" + uuid.NewString() + "_x",
			"wharf_" + strings.ReplaceAll(uuid.NewString(), "-", "") + k.Secret[len("wharf_")+32:],
			"wharf_" + strings.ReplaceAll(me.SessionID.String(), "-", "") + "_", "wharf_\x00",
		} {
			_, err := b.sessions.Authenticate(t.Context(), bad)
			requireUnauthorized(t, err)
		}

		stream, cancel := other.sessions.Ended(machine.SessionID)
		defer cancel()
		require.NoError(t, b.sessions.DeleteKey(t.Context(), me, k.ID))
		_, err = other.sessions.Authenticate(t.Context(), k.Secret)
		requireUnauthorized(t, err)
		<-stream
		requireKind(t, apperr.NotFound, b.sessions.DeleteKey(t.Context(), me, k.ID))
	})
}

func TestKeyIsNotAboveItsUserAndMakesNoKeys(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		viewer := b.actor(t, b.sessionOf(t, "vera", RoleViewer))
		_, err := b.sessions.CreateKey(t.Context(), viewer, NewAPIKey{Name: "k", Role: RoleOperator})
		requireKind(t, apperr.Forbidden, err)
		k, err := b.sessions.CreateKey(t.Context(), viewer, NewAPIKey{Name: "k", Role: RoleViewer})
		require.NoError(t, err)
		me := b.actor(t, b.session(t))
		requireKind(t, apperr.NotFound, b.sessions.DeleteKey(t.Context(), me, k.ID))

		machine, err := b.sessions.Authenticate(t.Context(), k.Secret)
		require.NoError(t, err)
		_, err = b.sessions.CreateKey(t.Context(), machine, NewAPIKey{Name: "k", Role: RoleViewer})
		requireKind(t, apperr.Forbidden, err)
		other, err := b.sessions.CreateKey(t.Context(), viewer, NewAPIKey{Name: "other", Role: RoleViewer})
		require.NoError(t, err)
		requireKind(t, apperr.Forbidden, b.sessions.DeleteKey(t.Context(), machine, other.ID))
		requireKind(t, apperr.Forbidden, b.users.ChangePassword(t.Context(), machine, "vera", "123123", "another"))
		_, err = b.sessions.IssueTicket(t.Context(), machine)
		requireKind(t, apperr.Forbidden, err)
		_, err = b.sessions.EndOthers(t.Context(), machine)
		requireKind(t, apperr.Forbidden, err)
		for _, in := range []NewAPIKey{
			{Name: "", Role: RoleViewer},
			{Name: "a\n", Role: RoleViewer},
			{Name: strings.Repeat("n", 101), Role: RoleViewer},
			{Name: "k"},
			{Name: "k", Role: RoleNone},
			{Name: "k", Role: "king"},
			{Name: "k", Role: RoleViewer, ExpiresAt: time.Now().Add(-time.Second)},
		} {
			_, err := b.sessions.CreateKey(t.Context(), me, in)
			requireKind(t, apperr.Invalid, err)
		}

		require.NoError(t, b.sessions.DeleteKey(t.Context(), machine, k.ID), "a key may end itself")
		_, err = b.sessions.Authenticate(t.Context(), k.Secret)
		requireUnauthorized(t, err)
		disable(t, b, "vera")
		_, err = b.sessions.Authenticate(t.Context(), other.Secret)
		requireUnauthorized(t, err)
	})
}

func TestKeyForDockersToolsIsMadeByAdminsForThemAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		me := b.actor(t, b.session(t))
		for _, in := range []NewAPIKey{
			{Name: "k", Role: RoleAdmin, Scope: "king"},
			{Name: "k", Role: RoleOperator, Scope: ScopeDocker},
			{Name: "k", Role: RoleAdmin, Scope: ScopeDocker, Exec: true},
		} {
			_, err := b.sessions.CreateKey(t.Context(), me, in)
			requireKind(t, apperr.Invalid, err)
		}
		in := NewAPIKey{Name: "builds", Role: RoleAdmin, Scope: ScopeDocker}
		k, err := b.sessions.CreateKey(t.Context(), me, in)
		require.NoError(t, err)
		all, _, err := b.sessions.Keys(t.Context(), me, Page{})
		require.NoError(t, err)
		require.Equal(t, ScopeDocker, all[0].Scope)
		machine, err := b.sessions.Authenticate(t.Context(), k.Secret)
		require.NoError(t, err)
		require.True(t, machine.MayUseEngines())
		require.False(t, machine.Has(Self))
		requireKind(t, apperr.Forbidden, b.sessions.DeleteKey(t.Context(), machine, uuid.New()))

		// A grant of RoleAdmin on all hosts doesn't make an admin of wharf, although the user's keys may have the role admin.
		vera := b.sessionOf(t, "vera", RoleViewer)
		_, err = b.users.Grant(t.Context(), me, NewGrant{Username: "vera", Hosts: "*", Role: RoleAdmin})
		require.NoError(t, err)
		_, err = b.sessions.CreateKey(t.Context(), b.actor(t, vera), NewAPIKey{Name: "k", Role: RoleAdmin})
		require.NoError(t, err)
		_, err = b.sessions.CreateKey(t.Context(), b.actor(t, vera), in)
		requireKind(t, apperr.Forbidden, err)
	})
}

func TestKeyExpires(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		me := b.actor(t, b.session(t))
		k, err := b.sessions.CreateKey(t.Context(), me, NewAPIKey{Name: "brief", Role: RoleViewer, ExpiresAt: time.Now().Add(time.Second)})
		require.NoError(t, err)
		machine, err := b.sessions.Authenticate(t.Context(), k.Secret)
		require.NoError(t, err)
		stream, cancel := b.sessions.Ended(machine.SessionID)
		defer cancel()
		<-stream
		_, err = b.sessions.Authenticate(t.Context(), k.Secret)
		requireUnauthorized(t, err)
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		mine, second, third := b.login(t), b.session(t), b.session(t)
		theirs := b.sessionOf(t, "vera", RoleViewer)
		me, vera := b.actor(t, mine), b.actor(t, theirs)

		all, _, err := b.sessions.List(t.Context(), me, false, Page{})
		require.NoError(t, err)
		require.Len(t, all, 3)
		current := 0
		for _, s := range all {
			require.Equal(t, "gildong", s.Username)
			if s.Current {
				current++
				require.Equal(t, mine.SessionID, s.ID)
				require.Equal(t, "192.0.2.1", s.Addr)
				require.Equal(t, "curl", s.UserAgent)
			}
		}
		require.Equal(t, 1, current)
		page, next, err := b.sessions.List(t.Context(), me, true, Page{Limit: 3})
		require.NoError(t, err)
		rest, end, err := b.sessions.List(t.Context(), me, true, Page{Limit: 3, Cursor: next})
		require.NoError(t, err)
		require.Empty(t, end)
		require.Len(t, append(page, rest...), 4)
		_, _, err = b.sessions.List(t.Context(), vera, true, Page{})
		requireKind(t, apperr.Forbidden, err)

		requireKind(t, apperr.NotFound, b.sessions.End(t.Context(), vera, mine.SessionID))
		b.actor(t, mine)
		require.NoError(t, b.sessions.End(t.Context(), me, second.SessionID))
		_, err = b.sessions.Authenticate(t.Context(), second.AccessToken)
		requireUnauthorized(t, err)
		n, err := b.sessions.EndOthers(t.Context(), me)
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		_, err = b.sessions.Authenticate(t.Context(), third.AccessToken)
		requireUnauthorized(t, err)
		b.actor(t, mine)
		b.actor(t, theirs)
		require.NoError(t, b.sessions.End(t.Context(), me, theirs.SessionID), "an admin ends anybody's")
		_, err = b.sessions.Authenticate(t.Context(), theirs.AccessToken)
		requireUnauthorized(t, err)
	})
}

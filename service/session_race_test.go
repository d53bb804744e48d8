package service

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/util/apperr"
)

// TestNothingCountsAfterItsRevocationWasAnswered authenticates with a session on two replicas while its rights are revoked.
// Calls that begin after the revocation's answer must not have the rights.
func TestNothingCountsAfterItsRevocationWasAnswered(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for name, c := range map[string]struct {
		revoke func(*fixture, context.Context, Login) error
		undo   UserChange
	}{
		"logout": {revoke: func(b *fixture, ctx context.Context, l Login) error {
			return b.sessions.Logout(ctx, l.RefreshToken)
		}},
		"disable": {
			revoke: func(b *fixture, ctx context.Context, _ Login) error {
				_, err := b.users.Update(ctx, *admin, "vera", UserChange{Disabled: &yes})
				return err
			},
			undo: UserChange{Disabled: &no},
		},
		"demotion": {
			revoke: func(b *fixture, ctx context.Context, _ Login) error {
				_, err := b.users.Update(ctx, *admin, "vera", UserChange{Role: ptr(RoleViewer)})
				return err
			},
			undo: UserChange{Role: ptr(RoleOperator)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.EachSource(t, func(t *testing.T, source string) {
				b := newFixture(t, dbtest.Open(t, source), SessionsOptions{})
				other := replica(t, dbtest.Open(t, source), b.maker, SessionsOptions{})
				b.sessionOf(t, "vera", RoleOperator)
				vera, err := b.users.Get(t.Context(), *admin, "vera")
				require.NoError(t, err)
				b.user = vera
				for range rounds(10, 1000) {
					l := b.session(t)
					raceRevocation(t, []*Sessions{b.sessions, other.sessions}, l, func() error { return c.revoke(b, t.Context(), l) })
					_, err := b.users.Update(t.Context(), *admin, "vera", c.undo)
					require.NoError(t, err)
				}
			})
		})
	}
}

func ptr[T any](v T) *T { return &v }

// raceRevocation fails the test if, on any replica, a call that began after revoke returned finds an operator's rights in the
// session.
func raceRevocation(t *testing.T, replicas []*Sessions, l Login, revoke func() error) {
	t.Helper()
	var over atomic.Bool
	var before sync.WaitGroup // done when each caller has succeeded at least once
	var all sync.WaitGroup
	callers := rounds(8, 50)
	before.Add(callers)
	for i := range callers {
		all.Go(func() {
			for n := 0; ; n++ {
				after := over.Load()
				actor, err := replicas[i%2].Authenticate(t.Context(), l.AccessToken)
				if err != nil && apperr.KindOf(err) != apperr.Unauthorized {
					t.Error(err)
				}
				had := err == nil && actor.Has(Operate)
				if n == 0 {
					before.Done()
					if !had {
						t.Error("refused before the revocation")
					}
				}
				if after && had {
					t.Error("accepted after the revocation was answered")
				}
				if after || t.Failed() {
					return
				}
			}
		})
	}
	before.Wait()
	if err := revoke(); err != nil {
		t.Error(err)
	}
	over.Store(true)
	all.Wait()
	require.False(t, t.Failed())
}

func TestLongAnswersEndWithTheirSession(t *testing.T) {
	t.Parallel()
	dbtest.EachSource(t, func(t *testing.T, source string) {
		b := newFixture(t, dbtest.Open(t, source), SessionsOptions{})
		other := replica(t, dbtest.Open(t, source), b.maker, SessionsOptions{})
		l, kept := b.session(t), b.session(t)
		var ends []<-chan struct{}
		for _, s := range []*Sessions{b.sessions, other.sessions} {
			_, err := s.Authenticate(t.Context(), l.AccessToken)
			require.NoError(t, err)
			ended, cancel := s.Ended(l.SessionID)
			defer cancel()
			ends = append(ends, ended)
		}
		lives, cancel := other.sessions.Ended(kept.SessionID)
		defer cancel()
		require.NoError(t, b.sessions.Logout(t.Context(), l.RefreshToken))
		requireEnded(t, ends...)
		select {
		case <-lives:
			require.Fail(t, "another session's answer ended too")
		default:
		}

		disable(t, b, "gildong")
		requireEnded(t, lives)
	})
}

// requireEnded waits a second longer than OnEnd guarantees, for busy machines.
func requireEnded(t *testing.T, ends ...<-chan struct{}) {
	t.Helper()
	limit := time.After(2 * time.Second)
	for _, ended := range ends {
		select {
		case <-ended:
		case <-limit:
			require.Fail(t, "a long answer goes on")
		}
	}
}

func TestLongAnswersEndSoonWhateverTakesTheRights(t *testing.T) {
	t.Parallel()
	yes := true
	for name, take := range map[string]func(*fixture, context.Context, Grant) error{
		"role change": func(b *fixture, ctx context.Context, _ Grant) error {
			_, err := b.users.Update(ctx, *admin, "vera", UserChange{Role: ptr(RoleOperator)})
			return err
		},
		"grant removed": func(b *fixture, ctx context.Context, g Grant) error {
			return b.users.Revoke(ctx, *admin, g.ID)
		},
		"password change": func(b *fixture, ctx context.Context, _ Grant) error {
			return b.users.ChangePassword(ctx, *admin, "vera", "", "another")
		},
		"disabled": func(b *fixture, ctx context.Context, _ Grant) error {
			_, err := b.users.Update(ctx, *admin, "vera", UserChange{Disabled: &yes})
			return err
		},
		"deleted": func(b *fixture, ctx context.Context, _ Grant) error {
			return b.users.Delete(ctx, *admin, "vera")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.EachSource(t, func(t *testing.T, source string) {
				b := newFixture(t, dbtest.Open(t, source), SessionsOptions{})
				other := replica(t, dbtest.Open(t, source), b.maker, SessionsOptions{})
				l := b.sessionOf(t, "vera", RoleViewer)
				g, err := b.users.Grant(t.Context(), *admin, NewGrant{Username: "vera", Hosts: "prod-*", Role: RoleOperator})
				require.NoError(t, err)
				var ends []<-chan struct{}
				for _, at := range []*fixture{b, other} {
					at.actor(t, l)
					ended, cancel := at.sessions.Ended(l.SessionID)
					defer cancel()
					ends = append(ends, ended)
				}
				require.NoError(t, take(b, t.Context(), g))
				requireEnded(t, ends...)
			})
		})
	}
}

func TestAnswerBegunAsItsSessionEndsEndsToo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		l := b.session(t)
		require.NoError(t, b.sessions.Logout(t.Context(), l.RefreshToken))
		ended, cancel := b.sessions.Ended(l.SessionID)
		defer cancel()
		<-ended
		never, cancel := b.sessions.Ended(uuid.Nil)
		defer cancel()
		require.Nil(t, never)
		other, cancel := b.sessions.Ended(b.session(t).SessionID)
		cancel()
		cancel() // twice is harmless
		select {
		case <-other:
			require.Fail(t, "ended by its own cancel")
		default:
		}
		require.Eventually(t, func() bool {
			b.sessions.revocations.mu.Lock()
			defer b.sessions.revocations.mu.Unlock()
			return len(b.sessions.revocations.watches) == 0
		}, time.Minute, time.Millisecond, "nothing is kept")
	})
}

func TestTicketIsGoodForItsSessionOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newFixture(t, d, SessionsOptions{})
		l := b.session(t)
		actor, err := b.sessions.Authenticate(t.Context(), l.AccessToken)
		require.NoError(t, err)
		ticket, err := b.sessions.IssueTicket(t.Context(), actor)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now().Add(5*time.Minute), ticket.ExpiresAt, 10*time.Second)
		for range 2 { // a browser reconnects to the same URL
			got, err := b.sessions.AuthenticateTicket(t.Context(), ticket.Ticket)
			require.NoError(t, err)
			require.Equal(t, actor, got)
		}
		_, err = d.Queries().GetTicket(t.Context(), ticket.Ticket)
		require.True(t, db.IsNoRows(err), "only its hash is stored")
		for _, bad := range []string{"", "x", ticket.Ticket + "x", l.AccessToken, hashOf(ticket.Ticket)} {
			_, err := b.sessions.AuthenticateTicket(t.Context(), bad)
			requireUnauthorized(t, err)
		}
		_, err = b.sessions.Authenticate(t.Context(), ticket.Ticket)
		requireUnauthorized(t, err)
		_, err = b.sessions.IssueTicket(t.Context(), Actor{Anonymous: true, Role: RoleAdmin})
		require.Equal(t, apperr.Forbidden, apperr.KindOf(err))

		require.NoError(t, b.sessions.Logout(t.Context(), l.RefreshToken))
		_, err = b.sessions.AuthenticateTicket(t.Context(), ticket.Ticket)
		requireUnauthorized(t, err)
		_, err = b.sessions.IssueTicket(t.Context(), actor)
		require.False(t, err == nil || errors.Is(err, errTicket), "a dead session gets no ticket: %v", err)
	})
}

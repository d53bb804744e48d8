package service

import (
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

// TestNoReplicaAcceptsASessionAfterItsLogout has callers on two replicas hammer a session
// while one of them logs it out: what began after the logout's answer must be refused.
func TestNoReplicaAcceptsASessionAfterItsLogout(t *testing.T) {
	t.Parallel()
	dbtest.EachSource(t, func(t *testing.T, source string) {
		b := newBench(t, dbtest.Open(t, source), SessionsOptions{})
		other := replica(t, dbtest.Open(t, source), b.maker, SessionsOptions{})
		replicas := []*Sessions{b.sessions, other.sessions}
		var late, accepted atomic.Int64
		for range rounds(25, 1000) {
			l := b.session(t)
			var over, stop atomic.Bool
			var wg sync.WaitGroup
			for i := range rounds(8, 50) {
				wg.Go(func() {
					for !stop.Load() {
						after := over.Load()
						_, err := replicas[i%2].Authenticate(t.Context(), l.AccessToken)
						switch {
						case err == nil && after:
							late.Add(1)
						case err == nil:
							accepted.Add(1)
						case apperr.KindOf(err) != apperr.Unauthorized:
							t.Error(err)
							return
						case after:
							return
						}
					}
				})
			}
			require.NoError(t, replicas[0].Logout(t.Context(), l.RefreshToken))
			over.Store(true)
			wg.Wait()
			stop.Store(true)
		}
		require.Zero(t, late.Load(), "accepted after the logout's answer")
		require.Positive(t, accepted.Load(), "the callers were there before")
	})
}

func TestLongAnswersEndWithTheirSession(t *testing.T) {
	t.Parallel()
	dbtest.EachSource(t, func(t *testing.T, source string) {
		b := newBench(t, dbtest.Open(t, source), SessionsOptions{})
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
		began := time.Now()
		for _, ended := range ends {
			<-ended
		}
		require.Less(t, time.Since(began), time.Second)
		select {
		case <-lives:
			require.Fail(t, "another session's answer ended too")
		default:
		}

		disable(t, b, "gildong")
		<-lives
		require.Less(t, time.Since(began), 2*time.Second)
	})
}

func TestAnswerBegunAsItsSessionEndsEndsToo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, SessionsOptions{})
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
			b.sessions.ends.mu.Lock()
			defer b.sessions.ends.mu.Unlock()
			return len(b.sessions.ends.watches) == 0
		}, time.Minute, time.Millisecond, "nothing is kept")
	})
}

func TestTicketIsGoodForItsSessionOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, SessionsOptions{})
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

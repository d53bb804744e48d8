package service

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
	"wharf/util/apperr"
)

func TestTerminalTicketIsGoodOnceAndForAShortTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := NewSessions(d, nil, SessionsOptions{})
		late := "late"
		require.NoError(t, d.Queries().CreateTerminalTicket(t.Context(), sqlc.CreateTerminalTicketParams{
			Hash: hashOf(late), Holder: uuid.New(), Request: "{}", ExpiresAt: db.Time(time.Now().Add(-time.Second)),
		}))
		_, _, err := s.TakeTerminalTicket(t.Context(), late)
		require.Equal(t, apperr.Unauthorized, apperr.KindOf(err), "expired")

		ticket, err := s.IssueTerminalTicket(t.Context(), Actor{SessionID: uuid.New()}, TerminalRequest{Host: "h"})
		require.NoError(t, err)
		require.WithinDuration(t, time.Now().Add(30*time.Second), ticket.ExpiresAt, 10*time.Second)
		_, r, err := s.TakeTerminalTicket(t.Context(), ticket.Ticket)
		require.Equal(t, "h", r.Host)
		require.Equal(t, apperr.Unauthorized, apperr.KindOf(err), "its session doesn't exist")
		_, r, err = s.TakeTerminalTicket(t.Context(), ticket.Ticket)
		require.Empty(t, r.Host, "used up")
		require.Equal(t, apperr.Unauthorized, apperr.KindOf(err))

		_, err = s.IssueTerminalTicket(t.Context(), Actor{Anonymous: true, Role: RoleAdmin}, TerminalRequest{})
		require.Equal(t, apperr.Forbidden, apperr.KindOf(err))
		require.NoError(t, s.prune(t.Context()))
	})
}

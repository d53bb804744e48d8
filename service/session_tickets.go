package service

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/util/apperr"
)

// ticketTTL is how long a browser can reconnect with the same URL.
const ticketTTL = 5 * time.Minute

// Ticket is a credential for the URL of one kind of stream: Sessions.IssueTicket or IssueTerminalTicket issues it.
type Ticket struct {
	Ticket    string
	ExpiresAt time.Time // UTC
}

// IssueTicket issues a ticket for event streams with the actor's session. Only its hash is stored. Errors: Forbidden for an
// actor without a session.
func (s *Sessions) IssueTicket(ctx context.Context, actor Actor) (Ticket, error) {
	if actor.Anonymous || actor.Key || actor.SessionID == uuid.Nil {
		return Ticket{}, apperr.New(apperr.Forbidden, "a ticket needs a session: log in first")
	}
	t := Ticket{Ticket: rand.Text(), ExpiresAt: db.Time(time.Now().Add(ticketTTL))}
	err := s.db.Queries().CreateTicket(ctx, sqlc.CreateTicketParams{
		Hash: hashOf(t.Ticket), SessionID: actor.SessionID, ExpiresAt: t.ExpiresAt,
	})
	if err != nil {
		return Ticket{}, fmt.Errorf("create ticket: %w", db.MapError(err))
	}
	return t, nil
}

// AuthenticateTicket returns the actor of a request with this ticket. A ticket can be used any number of times until it
// expires or its session ends. Errors: Unauthorized.
func (s *Sessions) AuthenticateTicket(ctx context.Context, ticket string) (Actor, error) {
	row, err := s.db.Queries().GetTicket(ctx, hashOf(ticket))
	if db.IsNoRows(err) {
		return Actor{}, errTicket
	}
	if err != nil {
		return Actor{}, fmt.Errorf("get ticket: %w", err)
	}
	if !time.Now().Before(row.ExpiresAt) {
		return Actor{}, errTicket
	}
	return s.actor(ctx, row.SessionID, uuid.Nil, errTicket)
}

package service

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/util/apperr"
)

// SessionInfo is a session without its secrets. Times are UTC.
type SessionInfo struct {
	ID                               uuid.UUID
	Username, Addr, UserAgent        string
	CreatedAt, LastUsedAt, ExpiresAt time.Time
	Current                          bool // it is the actor's session
}

// List returns a page of the actor's sessions or, with everybody, of the sessions of all users, which requires an admin. next
// is the cursor of the next page, empty on the last. LastUsedAt may lag by some seconds. Errors: Forbidden, Invalid.
func (s *Sessions) List(ctx context.Context, actor Actor, everybody bool, p Page) (all []SessionInfo, next string, err error) {
	if everybody {
		if err := mayAdminister(actor); err != nil {
			return nil, "", err
		}
	}
	after, err := p.afterID()
	if err != nil {
		return nil, "", err
	}
	rows, err := s.db.Queries().ListSessions(ctx, sqlc.ListSessionsParams{
		After: after, Now: db.Time(time.Now()), Page: p.limit() + 1,
		UserID: uuid.NullUUID{UUID: actor.UserID, Valid: !everybody},
	})
	if err != nil {
		return nil, "", fmt.Errorf("list sessions: %w", err)
	}
	rows, more := cut(p, rows)
	all = make([]SessionInfo, len(rows))
	for i, r := range rows {
		all[i] = SessionInfo{
			ID: r.ID, Username: r.Username, Addr: r.ClientAddr, UserAgent: r.UserAgent,
			CreatedAt: r.CreatedAt.UTC(), LastUsedAt: r.LastUsedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
			Current: r.ID == actor.SessionID,
		}
	}
	if more {
		next = all[len(all)-1].ID.String()
	}
	return all, next, nil
}

// End ends one of the actor's sessions, or for an admin any session, immediately and on every replica. Errors: NotFound, also
// for another user's session; Forbidden for an API key.
func (s *Sessions) End(ctx context.Context, actor Actor, id uuid.UUID) error {
	return s.audit.Revoke(ctx, actor, Intent{Action: ActionSessionEnd, Target: id.String()},
		func(ctx context.Context, _ uuid.UUID) error { return s.end(ctx, actor, id) })
}

func (s *Sessions) end(ctx context.Context, actor Actor, id uuid.UUID) error {
	isAdmin := actor.Has(Administer)
	if !isAdmin && !actor.isSelf(actor.UserID) {
		return errForbidden
	}
	n, err := s.revoke(ctx, func(q *sqlc.Queries) (int64, error) {
		if isAdmin {
			return q.DeleteSession(ctx, id)
		}
		return q.DeleteSessionOf(ctx, sqlc.DeleteSessionOfParams{ID: id, UserID: actor.UserID})
	})
	if err == nil && n == 0 {
		return apperr.New(apperr.NotFound, "no such session")
	}
	return err
}

// EndOthers ends all sessions of the actor's user except the request's own, and returns how many. Errors: Forbidden for an
// API key.
func (s *Sessions) EndOthers(ctx context.Context, actor Actor) (n int64, err error) {
	if !actor.isSelf(actor.UserID) {
		return 0, errForbidden
	}
	err = s.audit.Revoke(ctx, actor, Intent{Action: ActionSessionEnd, Target: "all others"}, func(ctx context.Context, _ uuid.UUID) error {
		n, err = s.revoke(ctx, func(q *sqlc.Queries) (int64, error) {
			if err := lockUsers(ctx, q); err != nil { // serialized with all other changes of several sessions
				return 0, err
			}
			return q.DeleteUserSessions(ctx, sqlc.DeleteUserSessionsParams{UserID: actor.UserID, Keep: actor.SessionID})
		})
		return err
	})
	return n, err
}

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

// ChangePassword changes a user's password. Users must give their old one; admins change another user's without it. It ends
// the user's sessions except the actor's own. Errors: Forbidden, also for a wrong old password; NotFound, Invalid, TooMany.
func (u *Users) ChangePassword(ctx context.Context, actor Actor, name, old, password string) error {
	return u.opts.Audit.Record(ctx, actor, Intent{Action: ActionPassword, Target: name},
		func(ctx context.Context, _ uuid.UUID) error { return u.changePassword(ctx, actor, name, old, password) })
}

func (u *Users) changePassword(ctx context.Context, actor Actor, name, old, password string) error {
	row, err := findUser(ctx, u.db.Queries(), name)
	self := err == nil && actor.isSelf(row.ID)
	if !self {
		if err := mayAdminister(actor); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if err := invalid(u.checkPassword(password, row.Username)); err != nil {
		return err
	}
	keep := uuid.Nil
	if self {
		keep = actor.SessionID
		if err := u.checkOld(ctx, &row, old); err != nil {
			return err
		}
	}
	return u.setPassword(ctx, row.ID, password, keep)
}

// checkOld checks the old password, with the same limits as logins: a session must not make guessing faster.
func (u *Users) checkOld(ctx context.Context, row *sqlc.User, old string) error {
	try, err := u.gate.enter(ctx, row.UsernameFolded, ClientOf(ctx).Addr)
	if err != nil {
		return err
	}
	defer try.withdrawn()
	match, _, err := u.hasher.At(try.class).Check(ctx, old, row.PasswordHash)
	if err != nil {
		return err
	}
	if !match {
		try.failed(time.Now())
		return apperr.New(apperr.Forbidden, "old_password: wrong")
	}
	try.passed()
	return nil
}

func (u *Users) setPassword(ctx context.Context, id uuid.UUID, password string, keep uuid.UUID) error {
	hash, err := u.hash(ctx, password)
	if err != nil {
		return err
	}
	return u.change(ctx, func(q *sqlc.Queries) error {
		n, err := q.SetPassword(ctx, sqlc.SetPasswordParams{
			ID: id, PasswordHash: hash, PasswordChangedAt: db.Time(time.Now()),
		})
		if err != nil {
			return fmt.Errorf("set password: %w", err)
		}
		if n == 0 {
			return errNoUser
		}
		_, err = q.DeleteUserSessions(ctx, sqlc.DeleteUserSessionsParams{UserID: id, Keep: keep})
		return err
	})
}

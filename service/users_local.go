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

// listPage is how many users are read at once.
const listPage = 500

// List returns every user, by name.
func (u *Users) List(ctx context.Context) ([]User, error) {
	var all []User
	for after := ""; ; {
		rows, err := u.db.Queries().ListUsers(ctx, sqlc.ListUsersParams{After: after, Page: listPage})
		if err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
		for _, row := range rows {
			all = append(all, userOf(row))
			after = row.UsernameFolded
		}
		if len(rows) < listPage {
			return all, nil
		}
	}
}

// SetPassword changes a user's password on behalf of who has the machine, and ends the
// user's sessions everywhere. Errors: NotFound, Invalid.
func (u *Users) SetPassword(ctx context.Context, username, password string) error {
	row, err := u.db.Queries().GetUserByName(ctx, fold(username))
	if db.IsNoRows(err) {
		return apperr.New(apperr.NotFound, "no such user")
	}
	if err != nil {
		return fmt.Errorf("get user: %w", err)
	}
	if problem := u.checkPassword(password, row.Username); problem != "" {
		return invalid(problem)
	}
	hash, err := u.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	err = u.db.InTx(ctx, func(q *sqlc.Queries) error {
		n, err := q.SetPassword(ctx, sqlc.SetPasswordParams{
			ID: row.ID, PasswordHash: hash, PasswordChangedAt: db.Time(time.Now()),
		})
		if err != nil {
			return fmt.Errorf("set password: %w", err)
		}
		if n == 0 {
			return apperr.New(apperr.NotFound, "no such user")
		}
		if _, err := q.DeleteUserSessions(ctx, sqlc.DeleteUserSessionsParams{UserID: row.ID, Keep: uuid.Nil}); err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		return raiseRevocations(ctx, q)
	})
	if err == nil {
		settle(defaultLease)
	}
	return err
}

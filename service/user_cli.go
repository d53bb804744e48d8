package service

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"wharf/db/sqlc"
)

// listPage is how many users each query reads.
const listPage = 500

// List returns every user, sorted by name. It checks no actor: it is for the command line, on the server's machine.
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

// SetPassword changes a user's password and ends the user's sessions. It checks no actor: it is for the command line, on the
// server's machine. Errors: NotFound, Invalid.
func (u *Users) SetPassword(ctx context.Context, username, password string) error {
	row, err := findUser(ctx, u.db.Queries(), username)
	if err != nil {
		return err
	}
	if err := invalid(u.checkPassword(password, row.Username)); err != nil {
		return err
	}
	return u.setPassword(ctx, row.ID, password, uuid.Nil)
}

package service

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/util/apperr"
	"wharf/util/text"
)

var (
	errNoUser    = apperr.New(apperr.NotFound, "no such user")
	errLastAdmin = apperr.New(apperr.Conflict, "the last admin can't be removed, disabled or demoted")
)

func mayAdminister(actor Actor) error {
	if !actor.Has(Administer) {
		return errForbidden
	}
	return nil
}

// isSelf reports whether the actor is the user and has a session, not an API key.
func (a Actor) isSelf(user uuid.UUID) bool {
	return !a.Anonymous && !a.Key && a.UserID == user
}

// change runs fn in a transaction that changes users; such transactions run one at a time. It returns once no replica uses
// rights that it cached before.
func (u *Users) change(ctx context.Context, fn func(*sqlc.Queries) error) error {
	err := u.db.InTxReserved(ctx, func(q *sqlc.Queries) error {
		if err := lockUsers(ctx, q); err != nil {
			return err
		}
		if err := fn(q); err != nil {
			return err
		}
		return RaiseRevocations(ctx, u.db, q)
	})
	if err != nil {
		return err
	}
	awaitLease(u.opts.Lease)
	return nil
}

func findUser(ctx context.Context, q *sqlc.Queries, name string) (sqlc.User, error) {
	if !username.MatchString(name) {
		return sqlc.User{}, errNoUser
	}
	row, err := q.GetUserByName(ctx, fold(name))
	if db.IsNoRows(err) {
		return sqlc.User{}, errNoUser
	}
	if err != nil {
		return sqlc.User{}, fmt.Errorf("get user: %w", err)
	}
	return row, nil
}

// Get returns a user. The actor must be an admin or that user. Errors: Forbidden, NotFound.
func (u *Users) Get(ctx context.Context, actor Actor, name string) (User, error) {
	row, err := findUser(ctx, u.db.Queries(), name)
	if err == nil && actor.isSelf(row.ID) {
		return userOf(row), nil
	}
	if err := mayAdminister(actor); err != nil {
		return User{}, err
	}
	return userOf(row), err
}

// Page returns a page of the users, sorted by name. next is the cursor of the next page, empty on the last. Errors: Forbidden.
func (u *Users) Page(ctx context.Context, actor Actor, p Page) (all []User, next string, err error) {
	if err := mayAdminister(actor); err != nil {
		return nil, "", err
	}
	rows, err := u.db.Queries().ListUsers(ctx, sqlc.ListUsersParams{After: text.Storable(p.Cursor), Page: p.limit() + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list users: %w", err)
	}
	rows, more := cut(p, rows)
	all = make([]User, len(rows))
	for i, row := range rows {
		all[i] = userOf(row)
	}
	if more {
		next = rows[len(rows)-1].UsernameFolded
	}
	return all, next, nil
}

// UserChange has the new values of a user's fields; nil leaves a field unchanged.
type UserChange struct {
	Role            *Role
	Disabled        *bool
	FullName, Email *string
}

// Update changes a user. The actor must be an admin. A new role takes effect immediately and ends the user's open streams;
// disabling also ends the user's sessions. Errors: Forbidden, NotFound, Invalid naming every invalid field, Conflict for an
// email in use or the last admin.
func (u *Users) Update(ctx context.Context, actor Actor, name string, c UserChange) (changed User, err error) {
	record := u.opts.Audit.Record
	if c.Disabled != nil && *c.Disabled {
		record = u.opts.Audit.Revoke
	}
	err = record(ctx, actor, Intent{Action: ActionUserUpdate, Target: name}, func(ctx context.Context, _ uuid.UUID) error {
		changed, err = u.update(ctx, actor, name, c)
		return err
	})
	return changed, err
}

func (u *Users) update(ctx context.Context, actor Actor, name string, c UserChange) (User, error) {
	if err := mayAdminister(actor); err != nil {
		return User{}, err
	}
	if err := c.check(); err != nil {
		return User{}, err
	}
	var row sqlc.User
	err := u.change(ctx, func(q *sqlc.Queries) error {
		var err error
		if row, err = findUser(ctx, q, name); err != nil {
			return err
		}
		before := row
		c.apply(&row)
		if err := keepAnAdmin(ctx, q, before, row.Role == string(RoleAdmin) && !row.Disabled); err != nil {
			return err
		}
		var more int64
		if before.Role != row.Role || before.Disabled != row.Disabled {
			more = 1
		}
		if err := q.UpdateUser(ctx, sqlc.UpdateUserParams{
			ID: row.ID, FullName: row.FullName, Email: row.Email, EmailFolded: row.EmailFolded,
			Role: row.Role, Disabled: row.Disabled, MoreRights: more,
		}); err != nil {
			return fmt.Errorf("update user: %w", db.MapError(err))
		}
		if row.Disabled {
			_, err = q.DeleteUserSessions(ctx, sqlc.DeleteUserSessionsParams{UserID: row.ID, Keep: uuid.Nil})
		}
		return err
	})
	if err != nil {
		return User{}, err
	}
	return userOf(row), nil
}

func (c UserChange) check() error {
	var role, fullName, email string
	if c.Role != nil {
		if role = checkRole(*c.Role); *c.Role == "" {
			role = "role: must be none, viewer, operator or admin"
		}
	}
	if c.FullName != nil {
		fullName = checkFullName(*c.FullName)
	}
	if c.Email != nil {
		email = checkEmail(*c.Email)
	}
	return invalid(role, fullName, email)
}

func (c UserChange) apply(row *sqlc.User) {
	if c.Role != nil {
		row.Role = string(*c.Role)
	}
	if c.Disabled != nil {
		row.Disabled = *c.Disabled
	}
	if c.FullName != nil {
		row.FullName = *c.FullName
	}
	if c.Email != nil {
		row.Email, row.EmailFolded = *c.Email, fold(*c.Email)
	}
}

// keepAnAdmin returns an error if a change would leave no enabled admin. Changes of users run one at a time, so two admins
// can't remove each other.
func keepAnAdmin(ctx context.Context, q *sqlc.Queries, before sqlc.User, stays bool) error {
	if before.Role != string(RoleAdmin) || before.Disabled || stays {
		return nil
	}
	n, err := q.CountOtherAdmins(ctx, before.ID)
	if err != nil {
		return fmt.Errorf("count admins: %w", err)
	}
	if n == 0 {
		return errLastAdmin
	}
	return nil
}

// Delete deletes a user with its sessions, keys and grants. Errors: Forbidden, NotFound, Conflict for the last admin.
func (u *Users) Delete(ctx context.Context, actor Actor, name string) error {
	return u.opts.Audit.Revoke(ctx, actor, Intent{Action: ActionUserDelete, Target: name},
		func(ctx context.Context, _ uuid.UUID) error { return u.remove(ctx, actor, name) })
}

func (u *Users) remove(ctx context.Context, actor Actor, name string) error {
	if err := mayAdminister(actor); err != nil {
		return err
	}
	return u.change(ctx, func(q *sqlc.Queries) error {
		row, err := findUser(ctx, q, name)
		if err != nil {
			return err
		}
		if err := keepAnAdmin(ctx, q, row, false); err != nil {
			return err
		}
		_, err = q.DeleteUser(ctx, row.ID)
		return err
	})
}

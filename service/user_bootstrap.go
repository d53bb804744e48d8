package service

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	"wharf/db"
	"wharf/util/apperr"
)

// Bootstrap creates the first user, an admin, with the password in a file (line breaks at the end are removed). If there is
// already a user, even one that another replica creates at the same time, it does nothing and returns false. Errors: an
// unreadable file, Invalid, the database's.
func (u *Users) Bootstrap(ctx context.Context, username, passwordFile string) (created bool, err error) {
	empty, err := u.empty(ctx)
	if err != nil || !empty {
		return false, err
	}
	text, err := os.ReadFile(passwordFile)
	if err != nil {
		return false, fmt.Errorf("ADMIN_PASSWORD_FILE: %w", err)
	}
	in := NewUser{
		Username: username, Password: strings.TrimRight(string(text), "\r\n"),
		FullName: username, Email: "admin@localhost", Role: RoleAdmin,
	}
	if err := u.checkNew(in); err != nil {
		return false, fmt.Errorf("first admin: %w", err)
	}
	_, err = u.insert(ctx, in, func(empty bool) error {
		if !empty {
			return errHasUser
		}
		return nil
	})
	if errors.Is(err, errHasUser) {
		return false, nil
	}
	return err == nil, err
}

var errHasUser = apperr.New(apperr.Conflict, "there is a user already")

// NeedsSetup reports whether there is no user yet.
func (u *Users) NeedsSetup(ctx context.Context) (bool, error) { return u.empty(ctx) }

// Setup describes the creation of the first user to a client without credentials.
type Setup struct {
	// Needed is true while there is no user. Token is true if this client must then send the setup token.
	Needed, Token bool
}

// Setup returns whether the first user is still to be created, and whether ctx's client must send the setup token for it.
func (u *Users) Setup(ctx context.Context) (Setup, error) {
	empty, err := u.empty(ctx)
	if err != nil || !empty {
		return Setup{}, err
	}
	return Setup{Needed: true, Token: u.opts.SetupToken != "" && (!u.opts.WaiveSetup || !ClientOf(ctx).Local)}, nil
}

// SetupToken returns the token for creating the first user, the same on every replica and after a restart: the one in the
// database. If there is none, it stores this server's UsersOptions.SetupToken there.
func (u *Users) SetupToken(ctx context.Context) (string, error) {
	if stored := u.setup.Load(); stored != nil {
		return *stored, nil
	}
	q := u.db.Queries()
	if err := q.ProposeSetupToken(ctx, u.opts.SetupToken); err != nil {
		return "", fmt.Errorf("keep the setup token: %w", err)
	}
	kept, err := q.GetSetupToken(ctx)
	if db.IsNoRows(err) { // another replica has created the first user in the meantime
		return u.opts.SetupToken, nil
	}
	if err != nil {
		return "", fmt.Errorf("read the setup token: %w", err)
	}
	u.setup.Store(&kept)
	return kept, nil
}

// NewSetupToken returns a random token for UsersOptions.SetupToken.
func NewSetupToken() string { return rand.Text() }

// AddFromCLI creates a user without checking an actor: it is for the command line, on the server's machine. The first user
// becomes an admin, whatever in.Role is. Errors: Invalid, Conflict.
func (u *Users) AddFromCLI(ctx context.Context, in NewUser) (User, error) {
	if err := u.checkNew(in); err != nil {
		return User{}, err
	}
	return u.insert(ctx, in, func(bool) error { return nil })
}

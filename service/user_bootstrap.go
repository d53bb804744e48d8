package service

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	"wharf/util/apperr"
)

// Bootstrap makes the first user, an admin, from a name and a file with the password (its
// line break at the end isn't part of it). Where there is a user it does nothing, and a
// replica that was first is no error. Errors: an unreadable file, Invalid.
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
			return errSettled
		}
		return nil
	})
	if errors.Is(err, errSettled) {
		return false, nil
	}
	return err == nil, err
}

var errSettled = apperr.New(apperr.Conflict, "there is a user already")

// NeedsSetup reports whether the first user is still to come.
func (u *Users) NeedsSetup(ctx context.Context) (bool, error) { return u.empty(ctx) }

// Setup is what a client without credentials has to know before the first user exists.
type Setup struct {
	// Needed reports that the first user is still to come; Token, that this client needs the setup token for it.
	Needed, Token bool
}

// Setup describes what making the first user takes for the client of ctx.
func (u *Users) Setup(ctx context.Context) (Setup, error) {
	empty, err := u.empty(ctx)
	if err != nil || !empty {
		return Setup{}, err
	}
	return Setup{Needed: true, Token: u.checkSetup(clientOf(ctx), "") != nil}, nil
}

// NewSetupToken makes a random token for UsersOptions.SetupToken.
func NewSetupToken() string { return rand.Text() }

// AddFromCLI makes a user on behalf of who has the machine: no actor is asked for. The first user
// becomes an admin whatever its role says. Errors: Invalid, Conflict.
func (u *Users) AddFromCLI(ctx context.Context, in NewUser) (User, error) {
	if err := u.checkNew(in); err != nil {
		return User{}, err
	}
	return u.insert(ctx, in, func(bool) error { return nil })
}

package service

import (
	"context"
	"crypto/subtle"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/util/apperr"
	"wharf/util/password"
)

// NewUser describes a user to create. An empty Role means RoleViewer.
type NewUser struct {
	Username, Password, FullName, Email string
	Role                                Role
}

// User is a user without its secrets. Times are UTC.
type User struct {
	ID                           uuid.UUID
	Username, FullName, Email    string
	Role                         Role
	Disabled                     bool
	PasswordChangedAt, CreatedAt time.Time
	// LastLoginAt is zero before the first login.
	LastLoginAt time.Time
}

// UsersOptions are the settings of NewUsers. The zero value of a field is its default.
type UsersOptions struct {
	// Hasher is shared with Sessions, so that its bound holds for both. Nil: a new one.
	Hasher *password.Hasher
	// PasswordMin is the minimum length of a password in bytes. Default 6, which is also the least.
	PasswordMin int
	// PasswordStrict requires 8 bytes and rejects the most common passwords.
	PasswordStrict bool
	// OpenSignup lets clients without credentials create users with RoleViewer.
	OpenSignup bool
	// SetupToken is the token that the first user requires; see WaiveSetup. If the database has a token already, from
	// another replica or an earlier start, that one is required instead. Empty: none is required, which only suits tests.
	SetupToken string
	// TriesKey must be SessionsOptions.TriesKey.
	TriesKey []byte
	// WaiveSetup lets local clients (Client.Local) create the first user without the token.
	WaiveSetup bool
	// Lease must be SessionsOptions.Lease.
	Lease time.Duration
	// Audit records changes of users. Nil: nothing is recorded.
	Audit *Audit
}

// Users creates and changes users. It is safe for concurrent use.
type Users struct {
	db      *db.DB
	opts    UsersOptions
	hasher  *password.Hasher
	hash    func(ctx context.Context, password string) (string, error) // hasher's
	gate    *tryGate                                                   // for old passwords
	setup   atomic.Pointer[string]                                     // the database's setup token; nil until it was read
	hasUser atomic.Bool                                                // there is a user; the last admin can't be removed
}

// NewUsers returns a Users on a migrated database.
func NewUsers(d *db.DB, o UsersOptions) *Users {
	if o.Hasher == nil {
		o.Hasher = password.New(password.Options{})
	}
	if o.Lease == 0 {
		o.Lease = defaultLease
	}
	o.PasswordMin = max(o.PasswordMin, passwordMin)
	return &Users{db: d, opts: o, hasher: o.Hasher, hash: o.Hasher.Hash, gate: newTryGate(d, "old password", o.TriesKey, LoginLimits{})}
}

// Create creates a user. actor is nil for a caller without credentials. While there is no user, a caller with the setup token
// may create the first one, which becomes an admin. After that only admins may create users, unless sign-up is open. Errors:
// Unauthorized, Forbidden, Invalid naming every invalid field, Conflict for a username or email in use, TooMany.
func (u *Users) Create(ctx context.Context, actor *Actor, in NewUser, setupToken string) (made User, err error) {
	intent := Intent{Action: ActionUserCreate, Target: in.Username}
	if actor == nil {
		// Refusals aren't recorded: callers without credentials could fill the audit with them.
		if made, err = u.create(ctx, actor, in, setupToken); err == nil {
			err = u.opts.Audit.RecordDone(ctx, Actor{UserID: made.ID, Username: made.Username}, intent, nil)
		}
		return made, err
	}
	err = u.opts.Audit.Record(ctx, *actor, intent, func(ctx context.Context, _ uuid.UUID) error {
		made, err = u.create(ctx, actor, in, setupToken)
		return err
	})
	return made, err
}

func (u *Users) create(ctx context.Context, actor *Actor, in NewUser, setupToken string) (User, error) {
	empty, err := u.empty(ctx)
	if err != nil {
		return User{}, err
	}
	if err := u.mayCreate(ctx, actor, in.Role, setupToken, empty); err != nil {
		return User{}, err
	}
	// Hashing is expensive, so all other checks come first.
	if err := u.checkNew(in); err != nil {
		return User{}, err
	}
	return u.insert(ctx, in, func(empty bool) error {
		return u.mayCreate(ctx, actor, in.Role, setupToken, empty)
	})
}

// empty reports whether there is no user yet.
func (u *Users) empty(ctx context.Context) (bool, error) {
	if u.hasUser.Load() {
		return false, nil
	}
	n, err := u.db.Queries().CountUsers(ctx)
	if err != nil {
		return false, fmt.Errorf("count users: %w", err)
	}
	u.hasUser.Store(n > 0)
	return n == 0, nil
}

func (u *Users) mayCreate(ctx context.Context, actor *Actor, role Role, setupToken string, empty bool) error {
	if empty {
		return u.checkSetup(ctx, setupToken)
	}
	switch {
	case actor != nil && actor.Has(Administer):
		return nil
	case u.opts.OpenSignup && role != "" && role != RoleViewer:
		return errForbidden
	case u.opts.OpenSignup:
		return nil
	case actor == nil:
		return apperr.New(apperr.Unauthorized, "only an admin may create users: send Authorization: Bearer <access_token>")
	default:
		return errForbidden
	}
}

// checkSetup returns an error if ctx's client may not create the first user.
func (u *Users) checkSetup(ctx context.Context, setupToken string) error {
	if u.opts.SetupToken == "" || (u.opts.WaiveSetup && ClientOf(ctx).Local) {
		return nil
	}
	want, err := u.SetupToken(ctx)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(setupToken)) == 1 {
		return nil
	}
	return errSetup
}

var errSetup = apperr.New(apperr.Forbidden, "the first user needs the setup token that the server printed to its log (header X-Setup-Token)")

// insert hashes the password and creates the user in one transaction, which also decides whether it is the first: of
// concurrent calls only one is. allowed returns an error if the user may not be created.
func (u *Users) insert(ctx context.Context, in NewUser, allowed func(empty bool) error) (User, error) {
	hash, err := u.hash(ctx, in.Password)
	if err != nil {
		return User{}, err
	}
	now := db.Time(time.Now())
	row := sqlc.CreateUserParams{
		ID: uuid.New(), Username: in.Username, UsernameFolded: fold(in.Username),
		FullName: in.FullName, Email: in.Email, EmailFolded: fold(in.Email),
		PasswordHash: hash, Role: string(in.Role), PasswordChangedAt: now, CreatedAt: now,
	}
	if row.Role == "" {
		row.Role = string(RoleViewer)
	}
	err = u.db.InTx(ctx, func(q *sqlc.Queries) error {
		if err := lockUsers(ctx, q); err != nil {
			return err
		}
		n, err := q.CountUsers(ctx)
		if err != nil {
			return fmt.Errorf("count users: %w", err)
		}
		if err := allowed(n == 0); err != nil {
			return err
		}
		if n == 0 {
			row.Role = string(RoleAdmin)
			if err := q.DeleteSetupToken(ctx); err != nil {
				return fmt.Errorf("delete the setup token: %w", err)
			}
		}
		if err := q.CreateUser(ctx, row); err != nil {
			return fmt.Errorf("create user: %w", db.MapError(err))
		}
		return nil
	})
	if err != nil {
		return User{}, err
	}
	u.hasUser.Store(true)
	return User{
		ID: row.ID, Username: row.Username, FullName: row.FullName, Email: row.Email,
		Role: Role(row.Role), PasswordChangedAt: now, CreatedAt: now,
	}, nil
}

// lockUsers serializes transactions that change users, so that each sees the changes of the previous one.
func lockUsers(ctx context.Context, q *sqlc.Queries) error {
	n, err := q.RaiseCounter(ctx, "users")
	if err != nil {
		return fmt.Errorf("lock users: %w", err)
	}
	if n != 1 {
		return fmt.Errorf("lock users: %d rows of the counter, want 1", n)
	}
	return nil
}

// fold returns a name or email in lower case, for comparisons that ignore case.
func fold(s string) string { return strings.ToLower(s) }

func userOf(row sqlc.User) User {
	return User{
		ID: row.ID, Username: row.Username, FullName: row.FullName, Email: row.Email,
		Role: Role(row.Role), Disabled: row.Disabled,
		PasswordChangedAt: row.PasswordChangedAt.UTC(), CreatedAt: row.CreatedAt.UTC(),
		LastLoginAt: row.LastLoginAt.Time.UTC(),
	}
}

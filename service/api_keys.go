package service

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/util/apperr"
	"wharf/util/text"
)

// KeyPrefix begins every API key, so that wharf and scanners for leaked secrets recognize one.
const KeyPrefix = "wharf_"

// APIKey is a credential for programs, sent in place of an access token. Times are UTC, zero for never.
type APIKey struct {
	ID         uuid.UUID
	Name       string
	Role       Role // caps the rights of the key's user
	Exec       bool // includes the terminals that the user's grants include
	Scope      Scope
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt time.Time
	// Secret is the key itself. Only CreateKey sets it: the database has only its hash.
	Secret string
}

// NewAPIKey describes a key to create. A zero ExpiresAt means that it never expires.
type NewAPIKey struct {
	Name      string
	Role      Role
	Exec      bool
	Scope     Scope
	ExpiresAt time.Time
}

func (in NewAPIKey) check(now time.Time) error {
	var name, role, scope, expires string
	if n := utf8.RuneCountInString(in.Name); n < 1 || n > 100 || !text.Printable(in.Name) {
		name = "name: must be 1 to 100 characters, none of them control characters"
	}
	if in.Role == "" || in.Role == RoleNone || checkRole(in.Role) != "" {
		role = "role: must be viewer, operator or admin"
	}
	switch {
	case in.Scope != "" && in.Scope != ScopeDocker:
		scope = `scope: must be "docker", or left out`
	case in.Scope == ScopeDocker && (in.Role != RoleAdmin || in.Exec):
		scope = "scope: a key for Docker's API has the role admin, and no exec"
	}
	if !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(now) {
		expires = "expires_at: must be in the future"
	}
	return invalid(name, role, scope, expires)
}

// CreateKey creates a key for the actor. Only its result holds the secret. Errors: Invalid; Forbidden for a role above the
// actor's highest, for a scope unless the actor is an admin, and for an actor without a session (an API key, the anonymous
// caller).
func (s *Sessions) CreateKey(ctx context.Context, actor Actor, in NewAPIKey) (k APIKey, err error) {
	err = s.audit.Record(ctx, actor, Intent{Action: ActionKeyCreate, Target: in.Name}, func(ctx context.Context, _ uuid.UUID) error {
		k, err = s.createKey(ctx, actor, in)
		return err
	})
	return k, err
}

func (s *Sessions) createKey(ctx context.Context, actor Actor, in NewAPIKey) (APIKey, error) {
	now := db.Time(time.Now())
	if err := in.check(now); err != nil {
		return APIKey{}, err
	}
	if !actor.isSelf(actor.UserID) || !actor.highest().atLeast(in.Role) {
		return APIKey{}, errForbidden
	}
	if in.Scope != "" && !actor.Has(Administer) {
		return APIKey{}, errForbidden
	}
	k := APIKey{ID: uuid.New(), Name: in.Name, Role: in.Role, Exec: in.Exec, Scope: in.Scope, CreatedAt: now}
	if !in.ExpiresAt.IsZero() {
		k.ExpiresAt = db.Time(in.ExpiresAt)
	}
	k.Secret = KeyPrefix + strings.ReplaceAll(k.ID.String(), "-", "") + "_" + rand.Text()
	err := s.db.Queries().CreateAPIKey(ctx, sqlc.CreateAPIKeyParams{
		ID: k.ID, UserID: actor.UserID, Name: k.Name, Hash: hashOf(k.Secret), Role: string(k.Role),
		Scope: string(k.Scope), Exec: k.Exec, CreatedAt: now, ExpiresAt: sql.NullTime{Time: k.ExpiresAt, Valid: !k.ExpiresAt.IsZero()},
	})
	if err != nil {
		return APIKey{}, fmt.Errorf("create API key: %w", db.MapError(err))
	}
	return k, nil
}

// Keys returns a page of the actor's own keys, without their secrets, and the cursor of the next page, empty on the last.
// Errors: Invalid for a malformed cursor.
func (s *Sessions) Keys(ctx context.Context, actor Actor, p Page) (all []APIKey, next string, err error) {
	after, err := p.afterID()
	if err != nil {
		return nil, "", err
	}
	rows, err := s.db.Queries().ListAPIKeys(ctx, sqlc.ListAPIKeysParams{UserID: actor.UserID, After: after, Page: p.limit() + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list API keys: %w", err)
	}
	rows, more := cut(p, rows)
	all = make([]APIKey, len(rows))
	for i, r := range rows {
		all[i] = APIKey{
			ID: r.ID, Name: r.Name, Role: Role(r.Role), Exec: r.Exec, Scope: Scope(r.Scope), CreatedAt: r.CreatedAt.UTC(),
			ExpiresAt: r.ExpiresAt.Time.UTC(), LastUsedAt: r.LastUsedAt.Time.UTC(),
		}
	}
	if more {
		next = all[len(all)-1].ID.String()
	}
	return all, next, nil
}

// DeleteKey revokes one of the actor's own keys, immediately and on every replica. Errors: NotFound, also for another user's
// key; Forbidden for an actor without a session (the anonymous caller, an API key). An API key may delete itself.
func (s *Sessions) DeleteKey(ctx context.Context, actor Actor, id uuid.UUID) error {
	return s.audit.Revoke(ctx, actor, Intent{Action: ActionKeyDelete, Target: id.String()},
		func(ctx context.Context, _ uuid.UUID) error { return s.deleteKey(ctx, actor, id) })
}

func (s *Sessions) deleteKey(ctx context.Context, actor Actor, id uuid.UUID) error {
	if itself := actor.Key && actor.SessionID == id; !itself && !actor.isSelf(actor.UserID) {
		return errForbidden
	}
	n, err := s.revoke(ctx, func(q *sqlc.Queries) (int64, error) {
		return q.DeleteAPIKey(ctx, sqlc.DeleteAPIKeyParams{ID: id, UserID: actor.UserID})
	})
	if err == nil && n == 0 {
		return apperr.New(apperr.NotFound, "no such key")
	}
	return err
}

// authenticateKey finds the key by the id in the secret and compares the hash of the whole secret.
func (s *Sessions) authenticateKey(ctx context.Context, secret string) (Actor, error) {
	encoded, _, found := strings.Cut(strings.TrimPrefix(secret, KeyPrefix), "_")
	id, err := uuid.Parse(encoded)
	if err != nil || !found || len(encoded) != 32 {
		return Actor{}, errAccess
	}
	e, err := s.cache.get(ctx, id)
	if err != nil {
		return Actor{}, err
	}
	now := time.Now()
	genuine := subtle.ConstantTimeCompare([]byte(e.hash), []byte(hashOf(secret))) == 1
	if !genuine || !e.key || !e.alive(now) {
		return Actor{}, errAccess
	}
	s.cache.touch(id, use{at: now, key: true})
	return e.actor(id), nil
}

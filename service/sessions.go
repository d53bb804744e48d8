package service

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/token"
	"wharf/util/apperr"
	"wharf/util/password"
)

// Client is where a request comes from.
type Client struct{ Addr, UserAgent, RequestID string }

// SessionsOptions are the settings of NewSessions; zero values are good.
type SessionsOptions struct {
	// AccessTTL is the life of an access token. Default 15 min.
	AccessTTL time.Duration
	// RefreshTTL is the life of a refresh token and of its session. Default 24 h.
	RefreshTTL time.Duration
	// Hasher is shared with the users, so that the bound holds for both. Nil: an own one.
	Hasher *password.Hasher
	// Lease is how long a looked-up session counts without asking the database whether any
	// was revoked; a logout takes that much longer. Default 25 ms, negative: ask each time.
	Lease time.Duration
}

// Sessions logs users in and out and knows on whose behalf a request comes. Everything that
// takes a session away counts at once, also on other replicas. It is safe for concurrent
// use; Run must be running.
type Sessions struct {
	db     *db.DB
	maker  token.Maker
	opts   SessionsOptions
	hasher *password.Hasher
	cache  *sessionCache
	ends   *endWatch
}

// NewSessions makes a Sessions on a migrated database.
func NewSessions(d *db.DB, m token.Maker, o SessionsOptions) *Sessions {
	if o.AccessTTL <= 0 {
		o.AccessTTL = 15 * time.Minute
	}
	if o.RefreshTTL <= 0 {
		o.RefreshTTL = 24 * time.Hour
	}
	if o.Hasher == nil {
		o.Hasher = password.New(password.Options{})
	}
	if o.Lease == 0 {
		o.Lease = defaultLease
	}
	cache := newSessionCache(d, o.Lease)
	return &Sessions{db: d, maker: m, opts: o, hasher: o.Hasher, cache: cache, ends: newEndWatch(cache)}
}

// Login is a new session's two tokens. Times are UTC.
type Login struct {
	SessionID        uuid.UUID
	AccessToken      string
	AccessExpiresAt  time.Time
	RefreshToken     string
	RefreshExpiresAt time.Time
	User             User
}

// What a caller is told, whichever of the reasons it was.
var (
	errLogin   = apperr.New(apperr.Unauthorized, "wrong username or password")
	errAccess  = apperr.New(apperr.Unauthorized, "the access token is invalid or its session has ended")
	errExpired = apperr.New(apperr.Unauthorized, "the access token is expired")
	errRefresh = apperr.New(apperr.Unauthorized, "the refresh token is invalid or its session has ended")
	errTicket  = apperr.New(apperr.Unauthorized, "the ticket is invalid or its session has ended")
)

// Login makes a session. Errors: Unauthorized with one text, after one duration, for an
// unknown user, a wrong password and a disabled user; TooMany.
func (s *Sessions) Login(ctx context.Context, username, password string, from Client) (Login, error) {
	user, err := s.checkPassword(ctx, username, password)
	if err != nil {
		return Login{}, err
	}
	now := db.Time(time.Now())
	l, err := s.issue(user, now)
	if err != nil {
		return Login{}, err
	}
	err = s.db.InTx(ctx, func(q *sqlc.Queries) error {
		// The user's row is locked, and must be what was checked: a session can't slip in
		// beside a change of password.
		n, err := q.MarkLogin(ctx, sqlc.MarkLoginParams{
			ID: user.ID, PasswordHash: user.PasswordHash, LastLoginAt: sql.NullTime{Time: now, Valid: true},
		})
		if err != nil {
			return fmt.Errorf("mark login: %w", err)
		}
		if n == 0 {
			return errLogin
		}
		return q.CreateSession(ctx, sqlc.CreateSessionParams{
			ID: l.SessionID, UserID: user.ID, RefreshHash: hashOf(l.RefreshToken),
			UserAgent: clip(from.UserAgent, 200), ClientAddr: clip(from.Addr, 100),
			CreatedAt: now, ExpiresAt: l.RefreshExpiresAt,
		})
	})
	if err != nil {
		return Login{}, fmt.Errorf("create session: %w", db.MapError(err))
	}
	return l, nil
}

// checkPassword returns the user whose password it is, with the stored hash. Every refusal
// has done the same work.
func (s *Sessions) checkPassword(ctx context.Context, name, password string) (sqlc.User, error) {
	if !username.MatchString(name) {
		name = "" // nobody's, and no bytes that a database chokes on
	}
	user, err := s.db.Queries().GetUserByName(ctx, fold(name))
	if err != nil && !db.IsNoRows(err) {
		return sqlc.User{}, fmt.Errorf("get user: %w", err)
	}
	match, outdated, err := s.hasher.Check(ctx, password, user.PasswordHash)
	if err != nil {
		return sqlc.User{}, err
	}
	if !match || user.Disabled {
		return sqlc.User{}, errLogin
	}
	if outdated {
		s.upgradeHash(ctx, &user, password)
	}
	return user, nil
}

// upgradeHash brings an old hash to today's parameters. What goes wrong is left to the next
// login.
func (s *Sessions) upgradeHash(ctx context.Context, user *sqlc.User, password string) {
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return
	}
	n, err := s.db.Queries().UpgradePasswordHash(ctx, sqlc.UpgradePasswordHashParams{
		ID: user.ID, OldHash: user.PasswordHash, NewHash: hash,
	})
	if err == nil && n == 1 {
		user.PasswordHash = hash
	}
}

func (s *Sessions) issue(user sqlc.User, now time.Time) (Login, error) {
	l := Login{
		SessionID: uuid.New(), AccessExpiresAt: now.Add(s.opts.AccessTTL),
		RefreshExpiresAt: now.Add(s.opts.RefreshTTL), User: userOf(user),
	}
	var err error
	if l.AccessToken, err = s.sign(token.Access, l.SessionID, user.ID, user.Username, now, l.AccessExpiresAt); err != nil {
		return Login{}, err
	}
	l.RefreshToken, err = s.sign(token.Refresh, l.SessionID, user.ID, user.Username, now, l.RefreshExpiresAt)
	return l, err
}

func (s *Sessions) sign(kind token.Kind, session, user uuid.UUID, name string, now, expires time.Time) (string, error) {
	return s.maker.Create(token.Payload{
		ID: uuid.New(), SessionID: session, UserID: user, Username: name, Kind: kind,
		IssuedAt: now, ExpiresAt: expires,
	})
}

// Logout ends the session of a refresh token. When it returns, no replica takes the
// session's access tokens any more. A session that has ended already is no error, nor is an
// expired token (RFC 7009). Errors: Unauthorized for a token that isn't ours.
func (s *Sessions) Logout(ctx context.Context, refreshToken string) error {
	p, err := s.maker.Verify(refreshToken, token.Refresh)
	if errors.Is(err, token.ErrExpired) {
		return nil
	}
	if err != nil {
		return errRefresh
	}
	_, err = s.revoke(ctx, func(q *sqlc.Queries) (int64, error) { return q.DeleteSession(ctx, p.SessionID) })
	return err
}

// revoke takes something away in one transaction with the count that tells every replica,
// and returns, with the number of rows gone, when none can still act on what it remembers.
func (s *Sessions) revoke(ctx context.Context, fn func(*sqlc.Queries) (int64, error)) (n int64, err error) {
	err = s.db.InTx(ctx, func(q *sqlc.Queries) error {
		if n, err = fn(q); err != nil || n == 0 {
			return err
		}
		return raiseRevocations(ctx, q)
	})
	if err != nil {
		return 0, fmt.Errorf("revoke: %w", err)
	}
	if n > 0 {
		settle(s.opts.Lease)
		s.ends.look()
	}
	return n, nil
}

// Renewed is what Renew gives. The time is UTC.
type Renewed struct {
	AccessToken     string
	AccessExpiresAt time.Time
	SessionID       uuid.UUID
}

// Renew makes a new access token for a session that exists, isn't blocked, and has this very
// refresh token and user. Errors: Unauthorized.
func (s *Sessions) Renew(ctx context.Context, refreshToken string) (Renewed, error) {
	p, err := s.maker.Verify(refreshToken, token.Refresh)
	if err != nil {
		return Renewed{}, errRefresh
	}
	row, err := s.db.Queries().GetSession(ctx, p.SessionID)
	if db.IsNoRows(err) {
		return Renewed{}, errRefresh
	}
	if err != nil {
		return Renewed{}, fmt.Errorf("get session: %w", err)
	}
	now := db.Time(time.Now())
	genuine := subtle.ConstantTimeCompare([]byte(row.RefreshHash), []byte(hashOf(refreshToken))) == 1
	if !genuine || row.UserID != p.UserID || row.Blocked || row.Disabled || !now.Before(row.ExpiresAt) {
		return Renewed{}, errRefresh
	}
	r := Renewed{SessionID: row.ID, AccessExpiresAt: now.Add(s.opts.AccessTTL)}
	r.AccessToken, err = s.sign(token.Access, row.ID, row.UserID, row.Username, now, r.AccessExpiresAt)
	if err != nil {
		return Renewed{}, err
	}
	s.cache.touch(row.ID, use{at: now})
	return r, nil
}

// Authenticate tells on whose behalf a request with this access token or API key comes. Errors:
// Unauthorized.
func (s *Sessions) Authenticate(ctx context.Context, accessToken string) (Actor, error) {
	if strings.HasPrefix(accessToken, keyPrefix) {
		return s.authenticateKey(ctx, accessToken)
	}
	p, err := s.maker.Verify(accessToken, token.Access)
	if errors.Is(err, token.ErrExpired) {
		return Actor{}, errExpired
	}
	if err != nil {
		return Actor{}, errAccess
	}
	return s.actor(ctx, p.SessionID, p.UserID, errAccess)
}

// actor is who a living session stands for; dead is what to answer for another one. A
// user of uuid.Nil stands for whoever the session's is.
func (s *Sessions) actor(ctx context.Context, session, user uuid.UUID, dead error) (Actor, error) {
	e, err := s.cache.get(ctx, session)
	if err != nil {
		return Actor{}, err
	}
	now := time.Now()
	if !e.alive(now) || e.key || (user != uuid.Nil && e.user != user) {
		return Actor{}, dead
	}
	s.cache.touch(session, use{at: now})
	return e.actor(session), nil
}

// hashOf is what is stored of a secret that is random enough to need no salt.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

package service

import (
	"context"
	"crypto/sha256"
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
	"wharf/util/steady"
)

// Client is the origin of a request.
type Client struct {
	Addr, UserAgent, RequestID string
	// Local is true if the request came from a program on this machine, not through a proxy.
	Local bool
}

// SessionsOptions are the settings of NewSessions. The zero value of a field is its default.
type SessionsOptions struct {
	// AccessTTL is the lifetime of an access token. Default 15 min.
	AccessTTL time.Duration
	// RefreshTTL is the lifetime of a refresh token and of its session. Default 24 h.
	RefreshTTL time.Duration
	// Hasher is shared with Users, so that its bound holds for both. Nil: a new one.
	Hasher *password.Hasher
	// Lease is how long a cached session is used without querying the database for revocations; a logout takes that much
	// longer. Default 25 ms; negative: query each time.
	Lease time.Duration
	// Clock decides whether expired sessions may be deleted; they are invalid either way. Nil: a new one.
	Clock *steady.Clock
	// Rotate replaces the refresh token at each renewal.
	Rotate bool
	// Limits are the limits on failed logins.
	Limits LoginLimits
	// TriesKey is the secret that hashes the keys of failed logins in the database. It must be the same on every replica.
	TriesKey []byte
	// Audit records logins and the ends of sessions. Nil: nothing is recorded.
	Audit *Audit
}

// Sessions logs users in and out and authenticates requests. The end of a session takes effect immediately on all replicas.
// Sessions is safe for concurrent use; Run must be running.
type Sessions struct {
	db          *db.DB
	maker       token.Maker
	opts        SessionsOptions
	hasher      *password.Hasher
	cache       *sessionCache
	revocations *revocationWatcher
	gate        *tryGate
	audit       *Audit
	logins      loginCounts
}

// NewSessions returns a Sessions on a migrated database.
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
	if o.Clock == nil {
		o.Clock = new(steady.Clock)
	}
	if o.Lease == 0 {
		o.Lease = defaultLease
	}
	cache := newSessionCache(d, o.Lease)
	return &Sessions{
		db: d, maker: token.Cached(m), opts: o, hasher: o.Hasher, cache: cache, revocations: newRevocationWatcher(cache),
		gate: newTryGate(d, "login", o.TriesKey, o.Limits), audit: o.Audit,
	}
}

// Each kind of credential has one error for all reasons, so that it reveals none; only an expired access token has another.
var (
	errLogin   = apperr.New(apperr.Unauthorized, "wrong username or password")
	errAccess  = apperr.New(apperr.Unauthorized, "the access token is invalid or its session has ended")
	errExpired = apperr.New(apperr.Unauthorized, "the access token is expired")
	errRefresh = apperr.New(apperr.Unauthorized, "the refresh token is invalid or its session has ended")
	errPage    = apperr.New(apperr.Unauthorized, "the page's session has ended: log in")
	errTicket  = apperr.New(apperr.Unauthorized, "the ticket is invalid or its session has ended")
)

// Logout ends the session of a refresh token. When it returns, no replica accepts the session's access tokens any more.
// A session that has already ended is no error, nor is an expired token (RFC 7009). Errors: Unauthorized for a token that
// wharf didn't issue.
func (s *Sessions) Logout(ctx context.Context, refreshToken string) error {
	p, err := s.maker.Verify(refreshToken, token.Refresh)
	if errors.Is(err, token.ErrExpired) {
		return nil
	}
	if err != nil {
		return errRefresh
	}
	n, err := s.revoke(ctx, func(q *sqlc.Queries) (int64, error) { return q.DeleteSession(ctx, p.SessionID) })
	if err != nil || n == 0 {
		return err
	}
	actor := Actor{UserID: p.UserID, Username: p.Username, SessionID: p.SessionID}
	s.audit.recordRevoked(ctx, actor, Intent{Action: ActionLogout, Target: p.SessionID.String()})
	return nil
}

// revoke runs fn, which revokes rights, and raises the counter of revocations in the same transaction. It returns fn's number
// of rows, after every replica has stopped using what it cached before.
func (s *Sessions) revoke(ctx context.Context, fn func(*sqlc.Queries) (int64, error)) (n int64, err error) {
	err = s.db.InTxReserved(ctx, func(q *sqlc.Queries) error {
		if n, err = fn(q); err != nil || n == 0 {
			return err
		}
		return RaiseRevocations(ctx, s.db, q)
	})
	if err != nil {
		return 0, fmt.Errorf("revoke: %w", err)
	}
	if n > 0 {
		awaitLease(s.opts.Lease)
		s.revocations.checkNow()
	}
	return n, nil
}

// Authenticate returns the actor of a request with this access token or API key. Errors: Unauthorized.
func (s *Sessions) Authenticate(ctx context.Context, accessToken string) (Actor, error) {
	if strings.HasPrefix(accessToken, KeyPrefix) {
		return s.authenticateKey(ctx, accessToken)
	}
	return s.authenticateToken(ctx, accessToken, token.Access)
}

// AuthenticateCookie returns the actor of a request with this cookie token. It rejects access tokens and API keys. Errors:
// Unauthorized.
func (s *Sessions) AuthenticateCookie(ctx context.Context, cookieToken string) (Actor, error) {
	return s.authenticateToken(ctx, cookieToken, token.Cookie)
}

func (s *Sessions) authenticateToken(ctx context.Context, signed string, kind token.Kind) (Actor, error) {
	p, err := s.maker.Verify(signed, kind)
	if errors.Is(err, token.ErrExpired) {
		return Actor{}, errExpired
	}
	if err != nil {
		return Actor{}, errAccess
	}
	return s.actor(ctx, p.SessionID, p.UserID, errAccess)
}

// actor returns the actor of a session, or the error dead if the session has ended or belongs to another user. A user of
// uuid.Nil matches any session.
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

// hashOf returns the hash of a secret for the database. The secret is random, so it needs no salt.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

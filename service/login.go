package service

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/token"
	"wharf/util/apperr"
	"wharf/util/password"
	"wharf/util/text"
)

// Login has the tokens of a new session. Times are UTC.
type Login struct {
	SessionID       uuid.UUID
	AccessToken     string
	AccessExpiresAt time.Time
	// CookieToken is for AuthenticateCookie. It expires with the access token.
	CookieToken      string
	RefreshToken     string
	RefreshExpiresAt time.Time
	User             User
}

// Login checks a password and creates a session. Errors: Unauthorized, with the same message after the same time for an
// unknown user, a wrong password and a disabled user; TooMany with the time to wait.
func (s *Sessions) Login(ctx context.Context, name, pass string, from Client) (Login, error) {
	l, err := s.login(ctx, name, pass, from)
	s.logins.add(err)
	return l, err
}

func (s *Sessions) login(ctx context.Context, name, pass string, from Client) (Login, error) {
	ctx = WithClient(ctx, from)
	s.loadKnownAddress(ctx, name, from.Addr)
	try, err := s.gate.enter(ctx, fold(name), from.Addr)
	if err != nil {
		return Login{}, err
	}
	defer try.withdrawn()
	user, err := s.checkPassword(ctx, s.hasher.At(try.class), name, pass)
	var l Login
	if err == nil {
		l, err = s.open(ctx, user, from)
	}
	switch {
	case err == nil:
		try.passed()
	case apperr.KindOf(err) == apperr.Unauthorized:
		try.failed(time.Now())
	default:
		return Login{}, err // no password was checked
	}
	// An unknown name isn't recorded: users sometimes type their password there.
	actor := Actor{UserID: user.ID, Username: user.Username}
	if auditErr := s.audit.RecordDone(ctx, actor, Intent{Action: ActionLogin, Target: sessionTarget(l.SessionID)}, err); auditErr != nil {
		return Login{}, auditErr
	}
	return l, err
}

// loadKnownAddress marks an address as known if the user has logged in from it according to the database: before a restart, or
// on another replica. After an error the address stays unknown.
func (s *Sessions) loadKnownAddress(ctx context.Context, name, addr string) {
	if !username.MatchString(name) || s.gate.own.isKnown(fold(name), addr) {
		return
	}
	if s.gate.shared.remembers(ctx, userAt{fold(name), networkOf(addr)}) {
		s.gate.own.addKnown(fold(name), addr)
		return
	}
	addrs, err := s.db.Queries().AddressesOfSessions(ctx, sqlc.AddressesOfSessionsParams{
		UsernameFolded: fold(name), Now: db.Time(time.Now()), Page: 100,
	})
	same := func(other string) bool { return networkOf(other) == networkOf(addr) }
	if err == nil && slices.ContainsFunc(addrs, same) {
		s.gate.own.addKnown(fold(name), addr)
	}
}

func sessionTarget(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

// open creates a session for a user whose password has been checked.
func (s *Sessions) open(ctx context.Context, user sqlc.User, from Client) (Login, error) {
	now := db.Time(time.Now())
	l, err := s.issue(user, now)
	if err != nil {
		return Login{}, err
	}
	err = s.db.InTx(ctx, func(q *sqlc.Queries) error {
		// MarkLogin locks the user's row and matches only the checked password hash, so that no session with the old
		// password is created during a change of password.
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
			UserAgent: text.Truncate(from.UserAgent, 200), ClientAddr: text.Truncate(from.Addr, 100),
			CreatedAt: now, ExpiresAt: l.RefreshExpiresAt,
		})
	})
	if err != nil {
		return Login{}, fmt.Errorf("create session: %w", db.MapError(err))
	}
	return l, nil
}

// checkPassword returns the user with this name and password. With errLogin it returns the user with the name, if there is
// one. Each refusal does the same work, so that its time reveals nothing.
func (s *Sessions) checkPassword(ctx context.Context, hasher *password.Hasher, name, pass string) (sqlc.User, error) {
	if !username.MatchString(name) {
		name = "" // no user has this name; the databases reject some bytes
	}
	user, err := s.db.Queries().GetUserByName(ctx, fold(name))
	if err != nil && !db.IsNoRows(err) {
		return sqlc.User{}, fmt.Errorf("get user: %w", err)
	}
	match, outdated, err := hasher.Check(ctx, pass, user.PasswordHash)
	if err != nil {
		return sqlc.User{}, err
	}
	if !match || user.Disabled {
		return user, errLogin
	}
	if outdated {
		upgradeHash(ctx, s.db.Queries(), hasher, &user, pass)
	}
	return user, nil
}

// upgradeHash replaces a hash with outdated parameters by one with the current parameters. After an error the next login
// tries again.
func upgradeHash(ctx context.Context, q *sqlc.Queries, hasher *password.Hasher, user *sqlc.User, pass string) {
	hash, err := hasher.Hash(ctx, pass)
	if err != nil {
		return
	}
	n, err := q.UpgradePasswordHash(ctx, sqlc.UpgradePasswordHashParams{
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
	if l.CookieToken, err = s.sign(token.Cookie, l.SessionID, user.ID, user.Username, now, l.AccessExpiresAt); err != nil {
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

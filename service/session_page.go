package service

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/token"
)

// PageTokens are the credentials of a page in a browser: an access token, and two halves of a refresh credential for use
// after a reload. The page's script can't read the cookie half, but another program on the same host name can receive it,
// as cookies ignore ports. The stored half is readable only by script of the page's origin. One half without the other is
// useless. Times are UTC.
type PageTokens struct {
	SessionID       uuid.UUID
	AccessToken     string
	AccessExpiresAt time.Time
	Cookie, Stored  string
	// ExpiresAt is the end of the session, and of both halves.
	ExpiresAt time.Time
}

// LoginPage is like Login, for a page in a browser. Errors: Login's.
func (s *Sessions) LoginPage(ctx context.Context, name, pass string, from Client) (PageTokens, error) {
	l, err := s.Login(ctx, name, pass, from)
	if err != nil {
		return PageTokens{}, err
	}
	session, err := s.db.Queries().GetSession(ctx, l.SessionID)
	if err != nil {
		return PageTokens{}, fmt.Errorf("get session: %w", err)
	}
	p := PageTokens{SessionID: l.SessionID, AccessToken: l.AccessToken, AccessExpiresAt: l.AccessExpiresAt, ExpiresAt: l.RefreshExpiresAt}
	err = s.db.InTx(ctx, func(q *sqlc.Queries) error { return s.addHalves(ctx, q, &p, session, 1) })
	if err != nil {
		return PageTokens{}, fmt.Errorf("store halves: %w", db.MapError(err))
	}
	return p, nil
}

// RenewPage exchanges both halves for a new access token and new halves. Replaced halves stay valid for another 10 s: two
// tabs may reload at the same time, or an answer may get lost. A later use of a replaced pair ends the session, as it must
// have been copied. Errors: Unauthorized.
func (s *Sessions) RenewPage(ctx context.Context, cookie, stored string) (PageTokens, error) {
	now := db.Time(time.Now())
	session, err := s.renewable(ctx, cookie, token.PageCookie, now, errPage)
	if err != nil {
		return PageTokens{}, err
	}
	t := PageTokens{SessionID: session.ID, AccessExpiresAt: now.Add(s.opts.AccessTTL), ExpiresAt: session.ExpiresAt.UTC()}
	t.AccessToken, err = s.sign(token.Access, session.ID, session.UserID, session.Username, now, t.AccessExpiresAt)
	if err != nil {
		return PageTokens{}, err
	}
	err = s.rotateHalves(ctx, &t, session, []string{cookieHash(cookie), storedHash(stored)}, now)
	if errors.Is(err, errReused) {
		return PageTokens{}, errors.Join(errPage, s.endFamily(ctx, session))
	}
	if err != nil {
		return PageTokens{}, err
	}
	s.cache.touch(session.ID, use{at: now})
	return t, nil
}

// rotateHalves replaces the halves with the hashes old by new ones, in generations like those of refresh tokens. Errors:
// errPage, errReused.
func (s *Sessions) rotateHalves(ctx context.Context, t *PageTokens, session sqlc.GetSessionRow, old []string, now time.Time) error {
	err := s.db.InTx(ctx, func(q *sqlc.Queries) error {
		if n, err := q.LockSession(ctx, session.ID); err != nil || n == 0 {
			return errors.Join(err, errPage)
		}
		generation, err := checkHalves(ctx, q, session, old, now)
		if err != nil {
			return err
		}
		generation, err = replaceRefresh(ctx, q, session.ID, "", generation, now)
		if err != nil {
			return err
		}
		return s.addHalves(ctx, q, t, session, generation)
	})
	if err != nil && !errors.Is(err, errReused) {
		return fmt.Errorf("rotate halves: %w", db.MapError(err))
	}
	return err
}

// checkHalves returns the later generation of two halves that are valid for the session. Errors: errPage if a half is
// invalid or belongs to another session, errReused if both were replaced more than rotationGrace ago.
func checkHalves(ctx context.Context, q *sqlc.Queries, session sqlc.GetSessionRow, halves []string, now time.Time) (generation int32, err error) {
	replaced := 0
	for _, hash := range halves {
		later, found, err := generationOf(ctx, q, session.ID, hash, now, errPage)
		switch {
		case errors.Is(err, errReused):
			replaced++
		case err != nil:
			return 0, err
		case !found:
			return 0, errPage
		}
		generation = max(generation, later)
	}
	switch replaced {
	case 0:
		return generation, nil
	case len(halves):
		return 0, errReused
	default:
		return 0, errPage // one old half, perhaps stolen, is useless: no reason to end the session
	}
}

// addHalves creates and stores new halves.
func (s *Sessions) addHalves(ctx context.Context, q *sqlc.Queries, t *PageTokens, session sqlc.GetSessionRow, generation int32) (err error) {
	t.Stored = rand.Text()
	t.Cookie, err = s.sign(token.PageCookie, session.ID, session.UserID, session.Username, db.Time(time.Now()), t.ExpiresAt)
	if err != nil {
		return err
	}
	for _, hash := range []string{cookieHash(t.Cookie), storedHash(t.Stored)} {
		if err := q.AddRefreshToken(ctx, sqlc.AddRefreshTokenParams{Hash: hash, SessionID: session.ID, Generation: generation}); err != nil {
			return fmt.Errorf("add half: %w", err)
		}
	}
	return nil
}

// The halves share a table with refresh tokens. The prefixes prevent one kind from being accepted as another.
func cookieHash(cookie string) string { return hashOf("page-cookie:" + cookie) }
func storedHash(stored string) string { return hashOf("page-stored:" + stored) }

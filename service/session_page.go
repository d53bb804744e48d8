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

// PageTokens is what a page lives on: an access token, and the two halves that give the next ones after a
// reload. Cookies ignore ports, so another program on the host's name may see the cookie; script can't. The
// stored half is for script of the page's origin alone. Either without the other is worth nothing. Times are UTC.
type PageTokens struct {
	SessionID       uuid.UUID
	AccessToken     string
	AccessExpiresAt time.Time
	Cookie, Stored  string
	// ExpiresAt is the end of the session, and of both halves.
	ExpiresAt time.Time
}

// LoginPage is Login for a page. Errors: Login's.
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

// RenewPage makes a new access token for both halves, and new halves. Halves that were replaced count for
// another 10 s: two tabs may reload at once, or an answer may get lost. Later a pair of them ends the session:
// it was copied. Errors: Unauthorized.
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

// rotateHalves replaces the halves that hash to old by new ones, in generations as refresh tokens have. Errors: errPage,
// errReused.
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

// checkHalves returns the later generation of two halves that count for the session. Errors: errPage for one that
// isn't the session's or counts no more, errReused where both were replaced long ago.
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
		return 0, errPage // a single old half, which may be a stolen one: no reason to end the session
	}
}

// addHalves makes new halves.
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

// The halves share a table with refresh tokens; their prefixes keep one from counting as another.
func cookieHash(cookie string) string { return hashOf("page-cookie:" + cookie) }
func storedHash(stored string) string { return hashOf("page-stored:" + stored) }

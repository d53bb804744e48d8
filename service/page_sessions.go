package service

import (
	"context"
	"crypto/rand"
	"database/sql"
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
	return p, s.issueHalves(ctx, &p, session, nil)
}

// RenewPage makes a new access token for both halves, and new halves. Halves that were replaced count for
// another 10 s: two tabs may reload at once, or an answer may get lost. Later a pair of them ends the session:
// it was copied. Errors: Unauthorized.
func (s *Sessions) RenewPage(ctx context.Context, cookie, stored string) (PageTokens, error) {
	p, err := s.maker.Verify(cookie, token.PageCookie)
	if err != nil {
		return PageTokens{}, errPage
	}
	session, err := s.db.Queries().GetSession(ctx, p.SessionID)
	if db.IsNoRows(err) {
		return PageTokens{}, errPage
	}
	if err != nil {
		return PageTokens{}, fmt.Errorf("get session: %w", err)
	}
	now := db.Time(time.Now())
	if session.UserID != p.UserID || session.Blocked || session.Disabled || !now.Before(session.ExpiresAt) {
		return PageTokens{}, errPage
	}
	halves := []string{cookieHash(cookie), storedHash(stored)}
	err = s.checkHalves(ctx, session, halves, now)
	if errors.Is(err, errReused) {
		return PageTokens{}, errors.Join(errPage, s.endFamily(ctx, session))
	}
	if err != nil {
		return PageTokens{}, err
	}
	t := PageTokens{SessionID: session.ID, AccessExpiresAt: now.Add(s.opts.AccessTTL), ExpiresAt: session.ExpiresAt.UTC()}
	t.AccessToken, err = s.sign(token.Access, session.ID, session.UserID, session.Username, now, t.AccessExpiresAt)
	if err != nil {
		return PageTokens{}, err
	}
	if err := s.issueHalves(ctx, &t, session, halves); err != nil {
		return PageTokens{}, err
	}
	s.cache.touch(session.ID, use{at: now})
	return t, nil
}

// checkHalves reports, as errPage, that one of the halves isn't the session's or counts no more, and as
// errReused that both were replaced long ago.
func (s *Sessions) checkHalves(ctx context.Context, session sqlc.GetSessionRow, halves []string, now time.Time) error {
	replaced := 0
	for _, hash := range halves {
		row, err := s.db.Queries().GetRefreshToken(ctx, hash)
		switch {
		case db.IsNoRows(err):
			return errPage
		case err != nil:
			return fmt.Errorf("get half: %w", err)
		case row.SessionID != session.ID:
			return errPage
		case row.ReplacedAt.Valid && now.Sub(row.ReplacedAt.Time) > rotationGrace:
			replaced++
		}
	}
	switch replaced {
	case 0:
		return nil
	case len(halves):
		return errReused
	default:
		return errPage // one old half, which its owner may have lost to somebody: no reason to end the session
	}
}

// issueHalves makes new halves and replaces the old ones.
func (s *Sessions) issueHalves(ctx context.Context, t *PageTokens, session sqlc.GetSessionRow, old []string) (err error) {
	now := db.Time(time.Now())
	t.Stored = rand.Text()
	t.Cookie, err = s.sign(token.PageCookie, session.ID, session.UserID, session.Username, now, t.ExpiresAt)
	if err != nil {
		return err
	}
	err = s.db.InTx(ctx, func(q *sqlc.Queries) error {
		for _, hash := range old {
			if err := q.ReplaceRefreshToken(ctx, sqlc.ReplaceRefreshTokenParams{
				Hash: hash, SessionID: session.ID, ReplacedAt: sql.NullTime{Time: now, Valid: true},
			}); err != nil {
				return err
			}
		}
		for _, hash := range []string{cookieHash(t.Cookie), storedHash(t.Stored)} {
			if err := q.AddRefreshToken(ctx, sqlc.AddRefreshTokenParams{Hash: hash, SessionID: session.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store halves: %w", db.MapError(err))
	}
	return nil
}

// The halves share a table with refresh tokens; their prefixes keep one from counting as another.
func cookieHash(cookie string) string { return hashOf("page-cookie:" + cookie) }
func storedHash(stored string) string { return hashOf("page-stored:" + stored) }

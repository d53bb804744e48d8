package service

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/token"
)

// Renewed has the new tokens of a session. Times are UTC.
type Renewed struct {
	AccessToken     string
	AccessExpiresAt time.Time
	CookieToken     string // like Login's
	SessionID       uuid.UUID
	// RefreshToken replaces the one that was sent, if tokens rotate; otherwise it is empty.
	RefreshToken     string
	RefreshExpiresAt time.Time
}

// Renew issues a new access token for the session of a refresh token. If tokens rotate, a token that was replaced more than
// 10 s ago must have been copied, and ends the session. Errors: Unauthorized.
func (s *Sessions) Renew(ctx context.Context, refreshToken string) (Renewed, error) {
	now, hash := db.Time(time.Now()), hashOf(refreshToken)
	row, err := s.renewable(ctx, refreshToken, token.Refresh, now, errRefresh)
	if err != nil {
		return Renewed{}, err
	}
	r, err := s.renewed(ctx, row, hash, now)
	if errors.Is(err, errReused) {
		return Renewed{}, errors.Join(errRefresh, s.endFamily(ctx, row))
	}
	return r, err
}

// renewable returns the session of a signed token. Errors: refused if the token is invalid or the session can't be renewed.
func (s *Sessions) renewable(ctx context.Context, signed string, kind token.Kind, now time.Time, refused error) (sqlc.GetSessionRow, error) {
	p, err := s.maker.Verify(signed, kind)
	if err != nil {
		return sqlc.GetSessionRow{}, refused
	}
	row, err := s.db.Queries().GetSession(ctx, p.SessionID)
	if db.IsNoRows(err) {
		return row, refused
	}
	if err != nil {
		return row, fmt.Errorf("get session: %w", err)
	}
	if row.UserID != p.UserID || row.Blocked || row.Disabled || !now.Before(row.ExpiresAt) {
		return row, refused
	}
	return row, nil
}

func (s *Sessions) renewed(ctx context.Context, row sqlc.GetSessionRow, hash string, now time.Time) (r Renewed, err error) {
	r = Renewed{SessionID: row.ID, AccessExpiresAt: now.Add(s.opts.AccessTTL)}
	r.AccessToken, err = s.sign(token.Access, row.ID, row.UserID, row.Username, now, r.AccessExpiresAt)
	if err != nil {
		return Renewed{}, err
	}
	r.CookieToken, err = s.sign(token.Cookie, row.ID, row.UserID, row.Username, now, r.AccessExpiresAt)
	if err != nil {
		return Renewed{}, err
	}
	if s.opts.Rotate {
		r.RefreshExpiresAt = row.ExpiresAt.UTC()
		r.RefreshToken, err = s.rotate(ctx, row, hash, now)
	} else {
		_, err = checkRefresh(ctx, s.db.Queries(), row, hash, now)
	}
	if err != nil {
		return Renewed{}, err
	}
	s.cache.touch(row.ID, use{at: now})
	return r, nil
}

// rotationGrace is how long a replaced refresh token stays valid: two tabs may renew at the same time, or an answer may get
// lost.
const rotationGrace = 10 * time.Second

// errReused is the error for a refresh token that was replaced more than rotationGrace ago: it must have been copied.
var errReused = errors.New("refresh token was replaced")

// checkRefresh returns the generation of a token that is valid for the session; the token from the login has generation 0.
// Errors: errRefresh, errReused.
func checkRefresh(ctx context.Context, q *sqlc.Queries, session sqlc.GetSessionRow, hash string, now time.Time) (generation int32, err error) {
	generation, stored, err := generationOf(ctx, q, session.ID, hash, now, errRefresh)
	// Not stored: only the token from the login, before its rotation, is valid.
	if err == nil && !stored && subtle.ConstantTimeCompare([]byte(session.RefreshHash), []byte(hash)) != 1 {
		return 0, errRefresh
	}
	return generation, err
}

// generationOf returns the generation of a refresh token or page half, and whether it is stored. Errors: refused if it
// belongs to another session, errReused.
func generationOf(ctx context.Context, q *sqlc.Queries, session uuid.UUID, hash string, now time.Time, refused error) (generation int32, stored bool, err error) {
	row, err := q.GetRefreshToken(ctx, hash)
	switch {
	case db.IsNoRows(err):
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("get refresh token: %w", err)
	case row.SessionID != session:
		return 0, true, refused
	case row.ReplacedAt.Valid && now.Sub(row.ReplacedAt.Time) > rotationGrace:
		return row.Generation, true, errReused
	}
	return row.Generation, true, nil
}

// rotate replaces a refresh token by a new one with the same expiry. Several renewals with one token, or with a token that
// was replaced within rotationGrace, give tokens of the same generation. The first of these to be renewed replaces them all,
// so that a copied token can't stay valid together with its owner's. The session's row is locked first, as in each change of
// a session. Errors: errRefresh for a session that has ended, errReused.
func (s *Sessions) rotate(ctx context.Context, session sqlc.GetSessionRow, hash string, now time.Time) (string, error) {
	fresh, err := s.sign(token.Refresh, session.ID, session.UserID, session.Username, now, session.ExpiresAt.UTC())
	if err != nil {
		return "", err
	}
	err = s.db.InTx(ctx, func(q *sqlc.Queries) error {
		if n, err := q.LockSession(ctx, session.ID); err != nil || n == 0 {
			return errors.Join(err, errRefresh)
		}
		generation, err := checkRefresh(ctx, q, session, hash, now)
		if err != nil {
			return err
		}
		if generation, err = replaceRefresh(ctx, q, session.ID, hash, generation, now); err != nil {
			return err
		}
		return q.AddRefreshToken(ctx, sqlc.AddRefreshTokenParams{Hash: hashOf(fresh), SessionID: session.ID, Generation: generation})
	})
	switch {
	case errors.Is(err, errReused):
		return "", errReused
	case err != nil:
		return "", fmt.Errorf("rotate refresh token: %w", db.MapError(err))
	}
	return fresh, nil
}

// replaceRefresh marks a token's whole generation as replaced, and returns the generation of its successor: the next one, or
// the session's latest if that is higher.
func replaceRefresh(ctx context.Context, q *sqlc.Queries, session uuid.UUID, hash string, generation int32, now time.Time) (next int32, err error) {
	at := sql.NullTime{Time: now, Valid: true}
	if generation == 0 {
		if err := q.ReplaceRefreshToken(ctx, sqlc.ReplaceRefreshTokenParams{Hash: hash, SessionID: session, ReplacedAt: at}); err != nil {
			return 0, err
		}
	}
	if err := q.ReplaceRefreshTokens(ctx, sqlc.ReplaceRefreshTokensParams{SessionID: session, Generation: generation, ReplacedAt: at}); err != nil {
		return 0, err
	}
	latest, err := q.LatestGeneration(ctx, session)
	return max(latest, generation+1), err
}

// endFamily ends the session of a copied refresh token, for its owner and for the copy.
func (s *Sessions) endFamily(ctx context.Context, session sqlc.GetSessionRow) error {
	_, err := s.revoke(context.WithoutCancel(ctx), func(q *sqlc.Queries) (int64, error) {
		return q.DeleteSession(ctx, session.ID)
	})
	return err
}

package token

import (
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
)

// leeway is the maximum accepted difference between the clocks of two replicas.
const leeway = 30 * time.Second

// maxLength is the maximum length of a token that is parsed. Genuine tokens are well below 1 KiB.
const maxLength = 4096

// claims is the payload as both formats encode it, with times in Unix seconds.
type claims struct {
	ID        uuid.UUID `json:"jti"`
	SessionID uuid.UUID `json:"sid"`
	UserID    uuid.UUID `json:"sub"`
	Username  string    `json:"username"`
	Kind      Kind      `json:"kind"`
	IssuedAt  int64     `json:"iat"`
	ExpiresAt int64     `json:"exp"`
}

func newClaims(p Payload) (claims, error) {
	c := claims{
		ID: p.ID, SessionID: p.SessionID, UserID: p.UserID, Username: p.Username, Kind: p.Kind,
		IssuedAt: p.IssuedAt.Unix(), ExpiresAt: p.ExpiresAt.Unix(),
	}
	if !c.complete() {
		return claims{}, errors.New("token: the payload lacks a field")
	}
	return c, nil
}

func (c claims) complete() bool {
	return c.ID != uuid.Nil && c.SessionID != uuid.Nil && c.UserID != uuid.Nil && c.Username != "" &&
		slices.Contains(kinds, c.Kind) && c.IssuedAt > 0 && c.ExpiresAt > c.IssuedAt
}

// payload returns the payload of genuine claims if they are complete, of the wanted kind, and valid at the time now.
func (c claims) payload(want Kind, now time.Time) (Payload, error) {
	if !c.complete() || c.Kind != want {
		return Payload{}, ErrInvalid
	}
	p := Payload{
		ID: c.ID, SessionID: c.SessionID, UserID: c.UserID, Username: c.Username, Kind: c.Kind,
		IssuedAt: time.Unix(c.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(c.ExpiresAt, 0).UTC(),
	}
	if p.IssuedAt.After(now.Add(leeway)) {
		return Payload{}, ErrInvalid
	}
	if now.After(p.ExpiresAt.Add(leeway)) {
		return Payload{}, ErrExpired
	}
	return p, nil
}

// plain reports whether a token is short enough and has only the characters of tokens. Base64 decoders would ignore line
// breaks.
func plain(token string) bool {
	if len(token) > maxLength {
		return false
	}
	for i := range len(token) {
		c := token[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

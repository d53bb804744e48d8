// Package token creates and verifies the tokens of sessions, as JWT or PASETO. It doesn't know whether a token's session still
// exists: package service checks that.
package token

import (
	"time"

	"github.com/google/uuid"
)

// Kind is the use of a token. A token of one kind is never accepted as another.
type Kind string

// The kinds of tokens.
const (
	Access  Kind = "access"
	Refresh Kind = "refresh"
	// Cookie is for a browser's cookie. Browsers send a cookie to every port of a host name, so it is a separate kind.
	Cookie Kind = "cookie"
	// PageCookie is for one of the two halves that renew a page's session.
	PageCookie Kind = "page"
)

// kinds are all kinds; each has separate keys.
var kinds = []Kind{Access, Refresh, Cookie, PageCookie}

// Payload is the content of a token. Every field is required.
type Payload struct {
	ID        uuid.UUID // of this token
	SessionID uuid.UUID
	UserID    uuid.UUID
	Username  string
	Kind      Kind
	IssuedAt  time.Time // UTC, whole seconds
	ExpiresAt time.Time // UTC, whole seconds
}

// Maker creates and verifies tokens. It is safe for concurrent use.
type Maker interface {
	// Create returns a token with a payload. Errors: a field of the payload is missing.
	Create(Payload) (string, error)
	// Verify returns the payload of a genuine, unexpired token of the wanted kind. Errors: ErrExpired, ErrInvalid.
	Verify(token string, want Kind) (Payload, error)
}

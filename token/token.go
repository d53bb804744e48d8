// Package token makes and verifies the tokens of sessions, as JWT or PASETO.
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
	// Cookie is for a browser's cookie, which the browser sends to every port of the host's name.
	Cookie Kind = "cookie"
	// PageCookie is for one half of a page's renewal, and valid for nothing else.
	PageCookie Kind = "page"
)

// kinds are all kinds; each has keys of its own.
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

// Maker makes and verifies tokens. It is safe for concurrent use.
type Maker interface {
	// Create returns a token with a payload. Errors: a payload without one of its fields.
	Create(Payload) (string, error)
	// Verify returns the payload of a genuine, unexpired token of the wanted kind. Errors: ErrExpired, ErrInvalid.
	Verify(token string, want Kind) (Payload, error)
}

// Package token makes and checks the signed strings that stand for a session.
package token

import (
	"time"

	"github.com/google/uuid"
)

// Kind says what a token is good for. A token of one kind is never accepted as another.
type Kind string

// The kinds of tokens.
const (
	Access  Kind = "access"
	Refresh Kind = "refresh"
	// Cookie is a browser's, which sends it to every port of the host's name.
	Cookie Kind = "cookie"
	// PageCookie is one half of what a page's reload needs, good for nothing else.
	PageCookie Kind = "page"
)

// kinds are all kinds; each has keys of its own.
var kinds = []Kind{Access, Refresh, Cookie, PageCookie}

// Payload is what a token says. Every field is required.
type Payload struct {
	ID        uuid.UUID // of this token
	SessionID uuid.UUID
	UserID    uuid.UUID
	Username  string
	Kind      Kind
	IssuedAt  time.Time // UTC, whole seconds
	ExpiresAt time.Time // UTC, whole seconds
}

// Maker signs payloads and checks what comes back. It is safe for concurrent use.
type Maker interface {
	// Create signs a payload. It fails where a field is missing.
	Create(Payload) (string, error)
	// Verify returns the payload of a genuine, unexpired token of the wanted kind.
	// Errors: ErrExpired for a genuine token past its time, ErrInvalid for all else.
	Verify(token string, want Kind) (Payload, error)
}

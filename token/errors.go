package token

import "errors"

// What Verify says. A caller is told neither more nor less.
var (
	// ErrExpired is a genuine token of the wanted kind past its time.
	ErrExpired = errors.New("token is expired")
	// ErrInvalid is everything else.
	ErrInvalid = errors.New("token is invalid")
)

package token

import "errors"

// What Verify says: all that a caller learns.
var (
	// ErrExpired is a genuine token of the wanted kind past its time.
	ErrExpired = errors.New("token is expired")
	// ErrInvalid is everything else.
	ErrInvalid = errors.New("token is invalid")
)

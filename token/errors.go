package token

import "errors"

// The errors of Verify, which reveal no other detail.
var (
	// ErrExpired is the error for a genuine token of the wanted kind that has expired.
	ErrExpired = errors.New("token is expired")
	// ErrInvalid is the error for all other tokens.
	ErrInvalid = errors.New("token is invalid")
)

package dockerx

import (
	"regexp"
	"strings"

	"wharf/util/apperr"
)

var refPattern = regexp.MustCompile(`^/?[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$`)

// Ref names a container as users do: by id, by a unique prefix of it, or by name.
// The zero Ref names nothing. Only ParseRef makes one, so that no unchecked string ever
// becomes part of a Docker URL: Docker's own client joins "../images/x" into another endpoint.
type Ref struct{ s string }

// ParseRef checks what a caller sent. Errors: apperr.Invalid.
func ParseRef(s string) (Ref, error) {
	if !refPattern.MatchString(s) {
		return Ref{}, apperr.New(apperr.Invalid,
			"invalid container id or name: expected letters, digits, '_', '.' or '-', beginning with a letter or digit, 255 at most")
	}
	return Ref{s: strings.TrimPrefix(s, "/")}, nil
}

// String returns the reference without a leading slash.
func (r Ref) String() string { return r.s }

// looksLikeID reports whether the reference could be a short or whole container id.
func (r Ref) looksLikeID() bool {
	if len(r.s) < 12 || len(r.s) > 64 {
		return false
	}
	return strings.Trim(r.s, "0123456789abcdef") == ""
}

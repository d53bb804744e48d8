package containers

import (
	"strings"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
	"wharf/util/apperr"
)

// Ref names a container as users do: by id, by a unique prefix of it, or by name.
// The zero Ref names nothing. Only ParseRef makes one, so that no unchecked string ever
// becomes part of a Docker URL: Docker's own client joins "../images/x" into another endpoint.
type Ref struct{ s string }

// ParseRef checks what a caller sent. Errors: apperr.Invalid.
func ParseRef(s string) (Ref, error) {
	name := strings.TrimPrefix(s, "/")
	if !engine.IsName(name) {
		return Ref{}, apperr.New(apperr.Invalid,
			"invalid container id or name: expected letters, digits, '_', '.' or '-', beginning with a letter or digit, 255 at most")
	}
	return Ref{s: name}, nil
}

// String returns the reference without a leading slash.
func (r Ref) String() string { return r.s }

// Names reports whether the reference names a container, by its name or the beginning of its id. What looks like an id names
// only the container whose id begins so.
func (r Ref) Names(id, name string) bool {
	return strings.HasPrefix(id, r.s) || name == r.s && !LooksLikeID(r.s)
}

// CheckFound refuses a reference that looks like an id and found a container of another id, which was merely named so. Errors:
// apperr.Conflict.
func (r Ref) CheckFound(id string) error {
	if LooksLikeID(r.s) && !strings.HasPrefix(id, r.s) {
		return apperr.New(apperr.Conflict,
			"%q looks like a container id but is the name of container %s: use that id", r.s, id[:12])
	}
	return nil
}

// LooksLikeID reports whether a text could be a short or whole container id.
func LooksLikeID(s string) bool {
	return len(s) >= 12 && len(s) <= 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// Find returns the container of the list that a reference names, in Docker's order: the whole id, then the
// name, then the beginning of one id. It says what Docker says, whichever engine the list is of, and refuses
// what Ref.CheckFound refuses. Errors: apperr.NotFound, Invalid (a prefix of several ids), Conflict.
func Find(list []Container, ref Ref) (*Container, error) {
	var named, begun *Container
	several := false
	for i := range list {
		c := &list[i]
		if c.ID == ref.s {
			return c, nil
		}
		if c.Name == ref.s {
			named = c
		}
		if strings.HasPrefix(c.ID, ref.s) {
			several, begun = begun != nil, c
		}
	}
	switch {
	case named != nil:
		return named, ref.CheckFound(named.ID)
	case several:
		return nil, apperr.New(apperr.Invalid, connect.ErrorPrefix+"Multiple IDs found with provided prefix: %s", ref)
	case begun == nil:
		return nil, ErrNoContainer(ref)
	}
	return begun, nil
}

// ErrNoContainer is what Docker says of a container that doesn't exist.
func ErrNoContainer(ref Ref) error {
	return apperr.New(apperr.NotFound, connect.ErrorPrefix+"No such container: %s", ref)
}

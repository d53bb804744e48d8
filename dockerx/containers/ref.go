package containers

import (
	"strings"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
	"wharf/util/apperr"
)

// Ref is a user's reference to a container: an id, a unique prefix of an id, or a name. The zero Ref refers to nothing. Only
// ParseRef makes a Ref from a text, so that no unchecked text becomes part of a Docker URL: Docker's own client would join
// "../images/x" into the path of another endpoint.
type Ref struct{ s string }

// ParseRef checks a caller's text and returns it as a Ref. Errors: apperr.Invalid.
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

// Names reports whether the reference matches a container, by its name or the beginning of its id. A reference that looks
// like an id matches only ids.
func (r Ref) Names(id, name string) bool {
	return strings.HasPrefix(id, r.s) || name == r.s && !LooksLikeID(r.s)
}

// CheckFound checks that the engine found the right container: it returns apperr.Conflict if the reference looks like an id,
// but is the name of a container with another id.
func (r Ref) CheckFound(id string) error {
	if LooksLikeID(r.s) && !strings.HasPrefix(id, r.s) {
		return apperr.New(apperr.Conflict,
			"%q looks like a container id but is the name of container %s: use that id", r.s, id[:12])
	}
	return nil
}

// LooksLikeID reports whether s could be a short or full container id.
func LooksLikeID(s string) bool {
	return len(s) >= 12 && len(s) <= 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// Find returns the container that a reference names. It prefers, as Docker does, a full id to a name, and a name to the
// beginning of an id. Its errors have Docker's messages, for lists of Podman too: apperr.NotFound, Invalid (a prefix of
// several ids), Conflict (see Ref.CheckFound).
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

// ErrNoContainer returns the error, with Docker's message, for a container that doesn't exist.
func ErrNoContainer(ref Ref) error {
	return apperr.New(apperr.NotFound, connect.ErrorPrefix+"No such container: %s", ref)
}

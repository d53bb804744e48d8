package dockerx

import (
	"strings"

	"wharf/dockerx/connect"
	"wharf/util/apperr"
)

// Find returns the container of the list that a reference names, in Docker's order: the whole id, then the
// name, then the beginning of one id. It says what Docker says, whichever engine the list is of, and refuses
// what Resolve refuses. Errors: apperr.NotFound, Invalid (a prefix of several ids), Conflict.
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
		return named, checkNamed(named.ID, ref)
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

// checkNamed refuses a reference that looks like an id and found a container of another id, which
// was merely named so.
func checkNamed(id string, ref Ref) error {
	if ref.looksLikeID() && !strings.HasPrefix(id, ref.s) {
		return apperr.New(apperr.Conflict,
			"%q looks like a container id but is the name of container %s: use that id", ref.s, id[:12])
	}
	return nil
}

// Ref returns the reference to the container by its whole id.
func (c *Container) Ref() Ref { return Ref{c.ID} }

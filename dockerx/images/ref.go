package images

import (
	"regexp"
	"strings"

	"github.com/distribution/reference"

	"wharf/util/apperr"
	"wharf/util/text"
)

// Ref is the checked name of an image in a registry: "docker.io/library/nginx:1.27". The zero Ref names nothing. Only
// ParseRef makes one, so that no unchecked text becomes part of a request to an engine.
type Ref struct{ named reference.Named }

// ParseRef reads a name as docker pull does: without a registry it is Docker Hub's, without a tag the tag is latest; beside
// a digest a tag doesn't count. Errors: apperr.Invalid.
func ParseRef(s string) (Ref, error) {
	named, err := reference.ParseDockerRef(s)
	if err != nil {
		return Ref{}, apperr.Wrap(apperr.Invalid, err, "image: %q is no name of an image, such as nginx:1.27 or registry.example.org/team/app@sha256:…",
			text.Truncate(s, 100))
	}
	return Ref{named}, nil
}

// String returns the name as people write it: "nginx:1.27".
func (r Ref) String() string {
	if r.named == nil {
		return ""
	}
	return reference.FamiliarString(r.named)
}

// Registry returns the registry's host and port: "docker.io" for Docker Hub.
func (r Ref) Registry() string { return reference.Domain(r.named) }

// Repository returns the whole name without tag and digest: "docker.io/library/nginx".
func (r Ref) Repository() string { return r.named.Name() }

// Version returns the tag, or the digest where there is one.
func (r Ref) Version() string {
	if digested, ok := r.named.(reference.Digested); ok {
		return digested.Digest().String()
	}
	if tagged, ok := r.named.(reference.Tagged); ok {
		return tagged.Tag()
	}
	return ""
}

// Pinned reports whether the name has a digest: then it never means another image.
func (r Ref) Pinned() bool { return strings.Contains(r.Version(), ":") }

// IsID reports whether s is the whole id of an image. It is asked for each row of a list, where a regular expression takes a
// fifth of the time.
func IsID(s string) bool {
	digits, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(digits) == 64 && strings.Trim(digits, "0123456789abcdef") == ""
}

// CheckName returns an error for a text that is neither the id of an image nor a name.
func CheckName(s string) error {
	if IsID(s) {
		return nil
	}
	_, err := ParseRef(s)
	return err
}

var platformPattern = regexp.MustCompile(`^[a-z0-9]{1,32}/[a-z0-9_]{1,32}(/[a-z0-9]{1,32})?$`)

// CheckPlatform returns an error for a text that is neither empty nor like linux/arm64. Errors: apperr.Invalid.
func CheckPlatform(s string) error {
	if s != "" && !platformPattern.MatchString(s) {
		return apperr.New(apperr.Invalid, "platform: expected one such as linux/arm64")
	}
	return nil
}

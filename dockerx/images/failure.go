package images

import (
	"errors"
	"strings"

	"wharf/util/apperr"
	"wharf/util/text"
)

// Reason is why a pull failed, in one word.
type Reason string

// The reasons.
const (
	ReasonUnknown     Reason = "unknown"     // the registry has no such image
	ReasonDenied      Reason = "denied"      // the registry requires credentials, or other ones
	ReasonLimited     Reason = "limited"     // the registry has had too many requests (429)
	ReasonStalled     Reason = "stalled"     // nothing came for too long
	ReasonBroken      Reason = "broken"      // the registry disconnected, or sent other data than announced
	ReasonPlatform    Reason = "platform"    // the registry has the image only for other platforms
	ReasonFull        Reason = "full"        // the engine's disk is full
	ReasonUnreachable Reason = "unreachable" // the engine can't reach the registry
	ReasonUnsupported Reason = "unsupported" // the engine doesn't have the call
	ReasonOther       Reason = "other"
)

// reasons maps parts of engines' and registries' messages to the reason of a failure; the first match counts.
var reasons = []struct {
	reason Reason
	words  []string
}{
	{ReasonFull, []string{"no space left on device", "disk quota exceeded"}},
	{ReasonLimited, []string{"toomanyrequests", "too many requests", "http 429"}},
	{ReasonPlatform, []string{"no matching manifest", "does not match the specified platform", "cannot be used on this platform", "no image found in manifest list"}},
	{ReasonDenied, []string{"unauthorized", "authentication required", "no basic auth credentials", "requested access to the resource is denied", "denied:", "forbidden", "incorrect username or password"}},
	{ReasonUnknown, []string{"manifest unknown", "name unknown", "repository name not known", "not found"}},
	{ReasonStalled, []string{"timeout", "deadline exceeded", "tls handshake timeout"}},
	{ReasonUnreachable, []string{"connection refused", "no such host", "no route to host", "network is unreachable", "certificate", "server gave http response to https client"}},
	{ReasonBroken, []string{"unexpected eof", "connection reset", "filesystem layer verification failed", "digest", "eof", "received unexpected http status"}},
}

// reasonOf returns the reason that a message about an image gives. The image's own name is left out: it may contain any of the
// words, such as a repository named timeout.
func reasonOf(r Ref, words string) Reason {
	words = strings.ToLower(r.cutFrom(words))
	for _, r := range reasons {
		for _, w := range r.words {
			if strings.Contains(words, w) {
				return r.reason
			}
		}
	}
	return ReasonOther
}

// outcomes are the kind of each reason's error, and its text before the engine's message.
var outcomes = map[Reason]struct {
	kind apperr.Kind
	text string
}{
	ReasonUnknown:     {apperr.NotFound, "the registry has no such image"},
	ReasonDenied:      {apperr.Conflict, "the registry doesn't let wharf in"},
	ReasonLimited:     {apperr.TooMany, "the registry has had too many requests"},
	ReasonStalled:     {apperr.Daemon, "the registry doesn't go on sending"},
	ReasonBroken:      {apperr.Daemon, "the registry broke off, or sent something else than it had said"},
	ReasonPlatform:    {apperr.Conflict, "the registry has it for other machines alone"},
	ReasonFull:        {apperr.Daemon, "the host has no room for it"},
	ReasonUnreachable: {apperr.Daemon, "the host can't reach the registry"},
	ReasonOther:       {apperr.Daemon, "the engine could not"},
}

// FailureError is the cause of a pull's error, wrapped by its apperr.Error.
type FailureError struct {
	Reason Reason
	Words  string // the engine's message, without credentials
}

// Error returns the engine's message.
func (f *FailureError) Error() string { return f.Words }

// Refused returns a FailureError for an engine's message about an image. The message must not contain credentials.
func Refused(name, words string) *FailureError {
	r, err := ParseRef(name)
	if err != nil {
		return &FailureError{ReasonOther, words}
	}
	return &FailureError{reasonOf(r, words), words}
}

// ReasonOf returns the reason of the FailureError in an error's chain, "" if there is none.
func ReasonOf(err error) Reason {
	var f *FailureError
	if errors.As(err, &f) {
		return f.Reason
	}
	return ""
}

// failed returns the error of a failed pull.
func failed(r Ref, reason Reason, words, hint string) error {
	words = text.Truncate(words, 500)
	o := outcomes[reason]
	message := "cannot pull " + r.String() + ": " + o.text + hint
	if words != "" {
		message += " (" + words + ")"
	}
	return &apperr.Error{Kind: o.kind, Msg: message, Err: &FailureError{reason, words}}
}

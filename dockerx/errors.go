package dockerx

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/containerd/errdefs"
	"github.com/containerd/errdefs/pkg/errhttp"

	"wharf/dockerx/connect"
	"wharf/util/apperr"
)

// classify turns an error of a call to an engine into an *apperr.Error. If the call failed because its caller canceled ctx, it
// wraps ctx's error instead.
func classify(ctx context.Context, host, doing string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := apperr.As(err); ok {
		return err
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return fmt.Errorf("%s on %s: %w", doing, host, ctx.Err())
	}
	if kind, ok := engineKind(err); ok {
		return &apperr.Error{Kind: kind, Msg: engineWords(err), Err: fmt.Errorf("%s on %s: %w", doing, host, err)}
	}
	return unreachable(host, connect.KindOf(err), time.Time{}, fmt.Errorf("%s on %s: %w", doing, host, connect.Cause(err)))
}

// unreachable returns the error for a host that can't be reached. since is when the host was found down; zero for a host
// that wasn't known to be down.
func unreachable(host string, kind connect.FaultKind, since time.Time, cause error) error {
	outage := &connect.OutageError{Kind: kind, Err: cause}
	if !since.IsZero() {
		return apperr.Wrap(apperr.Unavailable, outage,
			"cannot reach the Docker daemon of host %s: %s (down since %s)", host, kind, since.UTC().Format(time.RFC3339))
	}
	return apperr.Wrap(apperr.Unavailable, outage, "cannot reach the Docker daemon of host %s: %s", host, kind)
}

// engineKind classifies an error that the engine itself answered; false for any other error.
func engineKind(err error) (apperr.Kind, bool) {
	text := err.Error()
	if !strings.HasPrefix(text, connect.ErrorPrefix) || connect.IsVersionRefusal(text) || connect.IsTLSRefusal(text) {
		return apperr.Internal, false
	}
	var status *connect.StatusError
	if errors.As(err, &status) {
		err = errhttp.ToNative(status.Status)
	}
	switch {
	case errdefs.IsUnauthorized(err):
		return apperr.Internal, false
	case errdefs.IsNotFound(err):
		return apperr.NotFound, true
	case errdefs.IsConflict(err), saysConflict(text):
		return apperr.Conflict, true
	case errdefs.IsInvalidArgument(err):
		return apperr.Invalid, true
	}
	return apperr.Daemon, true
}

// saysConflict reports whether an error text is one of the conflicts that engines answer with status 500: Docker's for
// unpausing a container that isn't paused, and all of Podman's.
func saysConflict(text string) bool {
	return strings.HasSuffix(text, " is not paused") || strings.HasSuffix(text, " is not running") ||
		strings.HasSuffix(text, ": container state improper")
}

// engineWords returns the engine's message as one line of at most 2 KiB.
func engineWords(err error) string {
	words := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, err.Error())
	if len(words) > 2048 {
		words = strings.ToValidUTF8(words[:2048], "") + "…"
	}
	return words
}

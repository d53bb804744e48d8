package dockerx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/containerd/errdefs"
	"github.com/containerd/errdefs/pkg/errhttp"

	"wharf/util/apperr"
)

// FaultKind says in one word why a daemon can't be used.
type FaultKind string

// The kinds of faults.
const (
	FaultRefused  FaultKind = "refused"  // nobody listens there, or no way leads there
	FaultTimeout  FaultKind = "timeout"  // no answer inside the deadline
	FaultDNS      FaultKind = "dns"      // the name doesn't resolve
	FaultTLS      FaultKind = "tls"      // certificates: missing, expired, wrong name, wrong authority
	FaultAuth     FaultKind = "auth"     // we aren't let in
	FaultVersion  FaultKind = "version"  // no API version in common
	FaultProtocol FaultKind = "protocol" // broke off, or said what no daemon says
	FaultLocal    FaultKind = "local"    // wharf itself has no file descriptor left: it says nothing of the daemon
)

// fault is a failure to reach a daemon or to understand it. Its text leaves out the cause on
// purpose: Docker's client replaces errors whose text says "connection refused" (and those with a
// Timeout method) by its own, and the chain would be lost.
type fault struct {
	kind FaultKind
	err  error
}

func (f *fault) Error() string { return "docker host fault: " + string(f.kind) }
func (f *fault) Unwrap() error { return f.err }

// errNotModified stands for the daemon's 304, which Docker's client takes for success.
var errNotModified = errors.New("not modified")

// errTooLarge is what reading a body beyond its limit gives.
var errTooLarge = errors.New("the daemon's answer is over the limit")

const daemonPrefix = "Error response from daemon: "

// classify turns an error of Docker's client into one of ours. A caller that went away gets its
// own context's error back.
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
	if kind, ok := daemonKind(err); ok {
		return &apperr.Error{Kind: kind, Msg: daemonWords(err), Err: fmt.Errorf("%s on %s: %w", doing, host, err)}
	}
	return unreachable(host, faultKind(err), time.Time{}, fmt.Errorf("%s on %s: %w", doing, host, bareCause(err)))
}

// outage is a fault as callers get it: its text, which only the log shows, is the cause.
type outage struct {
	kind FaultKind
	err  error
}

func (o *outage) Error() string { return o.err.Error() }
func (o *outage) Unwrap() error { return o.err }

// unreachable is the one text for a host that can't be used. A since that isn't zero says that the
// host has been known to be down from then on.
func unreachable(host string, kind FaultKind, since time.Time, cause error) error {
	if !since.IsZero() {
		return apperr.Wrap(apperr.Unavailable, &outage{kind, cause},
			"cannot reach the Docker daemon of host %s: %s (down since %s)", host, kind, since.UTC().Format(time.RFC3339))
	}
	return apperr.Wrap(apperr.Unavailable, &outage{kind, cause}, "cannot reach the Docker daemon of host %s: %s", host, kind)
}

// FaultOf returns the kind of fault of an error that this package gave, "" for none.
func FaultOf(err error) FaultKind {
	var o *outage
	if errors.As(err, &o) {
		return o.kind
	}
	return ""
}

// daemonKind classifies what the daemon itself answered.
func daemonKind(err error) (apperr.Kind, bool) {
	text := err.Error()
	if !strings.HasPrefix(text, daemonPrefix) || isVersionRefusal(text) || isTLSRefusal(text) {
		return apperr.Internal, false
	}
	var status *statusError
	if errors.As(err, &status) {
		err = errhttp.ToNative(status.status)
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

// saysConflict knows the conflicts that daemons answer with 500: Docker's of an unpause of what isn't paused,
// and all of Podman's.
func saysConflict(text string) bool {
	return strings.HasSuffix(text, " is not paused") || strings.HasSuffix(text, " is not running") ||
		strings.HasSuffix(text, ": container state improper")
}

func isVersionRefusal(text string) bool {
	return strings.Contains(text, "client version ") &&
		(strings.Contains(text, "is too old") || strings.Contains(text, "is too new"))
}

func isTLSRefusal(text string) bool {
	return strings.Contains(text, "Client sent an HTTP request to an HTTPS server")
}

// daemonWords returns the daemon's message as one line of at most 2 KiB.
func daemonWords(err error) string {
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

// faultKind finds the word for a failure to reach or to understand a daemon.
func faultKind(err error) FaultKind {
	if isLocal(err) {
		return FaultLocal
	}
	var f *fault
	if errors.As(err, &f) {
		return f.kind
	}
	switch text := err.Error(); {
	case isVersionRefusal(text):
		return FaultVersion
	case isTLSRefusal(text), isTLS(err):
		return FaultTLS
	case isDNS(err):
		return FaultDNS
	case errdefs.IsUnauthorized(err), isUnauthorized(err), errors.Is(err, os.ErrPermission):
		return FaultAuth
	case isRefused(err):
		return FaultRefused
	case isTimeout(err):
		return FaultTimeout
	}
	return FaultProtocol
}

// isLocal reports whether this process lacks what it takes to open a connection or a file. The resolver
// passes some of these errors on as text.
func isLocal(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) ||
		strings.Contains(err.Error(), syscall.EMFILE.Error())
}

func isTLS(err error) bool {
	var (
		record tls.RecordHeaderError
		alert  tls.AlertError
		verify *tls.CertificateVerificationError
		name   x509.HostnameError
		ca     x509.UnknownAuthorityError
		cert   x509.CertificateInvalidError
	)
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &verify) ||
		errors.As(err, &name) || errors.As(err, &ca) || errors.As(err, &cert) ||
		strings.Contains(err.Error(), "remote error: tls: ")
}

func isUnauthorized(err error) bool {
	var status *statusError
	return errors.As(err, &status) && status.status == http.StatusUnauthorized
}

func isDNS(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns)
}

func isRefused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) ||
		errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// bareCause digs out the cause that a fault hides from Docker's client.
func bareCause(err error) error {
	var f *fault
	if errors.As(err, &f) && f.err != nil {
		return f.err
	}
	return err
}

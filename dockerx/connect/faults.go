package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	"github.com/containerd/errdefs"
)

// FaultKind says in one word why an engine can't be used.
type FaultKind string

// The kinds of faults.
const (
	FaultRefused  FaultKind = "refused"  // nothing listens there, or no way leads there
	FaultTimeout  FaultKind = "timeout"  // no answer inside the deadline
	FaultDNS      FaultKind = "dns"      // the name doesn't resolve
	FaultTLS      FaultKind = "tls"      // certificates: missing, expired, wrong name, wrong authority
	FaultAuth     FaultKind = "auth"     // the engine or the ssh server doesn't let us in
	FaultVersion  FaultKind = "version"  // no API version in common
	FaultProtocol FaultKind = "protocol" // broke off, or said what no engine says
	FaultLocal    FaultKind = "local"    // wharf itself has no file descriptor left: it says nothing of the engine
)

// FaultError is a failure to reach an engine or to understand it. Its text leaves out the cause on purpose: Docker's client
// replaces errors whose text says "connection refused" (and those with a Timeout method) by its own, and the chain
// would be lost.
type FaultError struct {
	Kind FaultKind
	Err  error // the cause
}

// Error returns the kind alone.
func (f *FaultError) Error() string { return "docker host fault: " + string(f.Kind) }

// Unwrap returns the cause.
func (f *FaultError) Unwrap() error { return f.Err }

// ErrTooLarge is the error of reading an answer beyond its limit.
var ErrTooLarge = errors.New("the engine's answer is over the limit")

// OutageError is a FaultError on its way up: its text, which only the log shows, is the cause's.
type OutageError struct {
	Kind FaultKind
	Err  error
}

// Error returns the text of the cause.
func (o *OutageError) Error() string { return o.Err.Error() }

// Unwrap returns the cause.
func (o *OutageError) Unwrap() error { return o.Err }

// FaultOf returns the kind of the OutageError in an error's chain, "" for none.
func FaultOf(err error) FaultKind {
	var o *OutageError
	if errors.As(err, &o) {
		return o.Kind
	}
	return ""
}

// Cause returns the cause that a FaultError hides from Docker's client, and any other error as it is.
func Cause(err error) error {
	var f *FaultError
	if errors.As(err, &f) && f.Err != nil {
		return f.Err
	}
	return err
}

// KindOf finds the word for a failure to reach or to understand an engine: any error of a request, of Docker's client
// or of reading an answer.
func KindOf(err error) FaultKind {
	if isLocal(err) {
		return FaultLocal
	}
	var f *FaultError
	if errors.As(err, &f) {
		return f.Kind
	}
	switch text := err.Error(); {
	case IsVersionRefusal(text):
		return FaultVersion
	case IsTLSRefusal(text), isTLS(err):
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

// IsVersionRefusal reports whether the text of an error is an engine's refusal of the API version.
func IsVersionRefusal(text string) bool {
	return strings.Contains(text, "client version ") &&
		(strings.Contains(text, "is too old") || strings.Contains(text, "is too new"))
}

// IsTLSRefusal reports whether the text of an error is that of a server that expects TLS.
func IsTLSRefusal(text string) bool {
	return strings.Contains(text, "Client sent an HTTP request to an HTTPS server")
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
	var status *StatusError
	return errors.As(err, &status) && status.Status == http.StatusUnauthorized
}

func isDNS(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns)
}

func isRefused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) ||
		errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}

// isTimeout also takes a read from a connection that is closed on this side: net/http closes it at the deadline, and
// the read that waits may see that first.
func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

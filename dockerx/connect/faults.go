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

// FaultKind is the reason, in one word, why an engine can't be used.
type FaultKind string

// The kinds of faults.
const (
	FaultRefused  FaultKind = "refused"  // nothing listens at the address, or there is no route to it
	FaultTimeout  FaultKind = "timeout"  // no answer within the deadline
	FaultDNS      FaultKind = "dns"      // the name doesn't resolve
	FaultTLS      FaultKind = "tls"      // certificates: missing, expired, wrong name, wrong authority
	FaultAuth     FaultKind = "auth"     // the engine or the ssh server denies access
	FaultVersion  FaultKind = "version"  // no API version in common
	FaultProtocol FaultKind = "protocol" // the connection broke, or the answer was not an engine's
	FaultLocal    FaultKind = "local"    // wharf has no file descriptor left, which is not the engine's fault
)

// FaultError is a failure to reach an engine or to understand it. Its text leaves out the cause on purpose: Docker's client
// replaces an error whose text contains "connection refused", or that has a Timeout method, by its own error, and the chain
// would be lost.
type FaultError struct {
	Kind FaultKind
	Err  error // the cause
}

// Error returns a text with the kind, without the cause.
func (f *FaultError) Error() string { return "docker host fault: " + string(f.Kind) }

// Unwrap returns the cause.
func (f *FaultError) Unwrap() error { return f.Err }

// ErrTooLarge is the error of reading an answer beyond its limit.
var ErrTooLarge = errors.New("the engine's answer is over the limit")

// OutageError is the error that dockerx returns for a FaultError. Its text is the cause's, and appears only in the log.
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

// Cause returns the cause of the FaultError in an error's chain; without one it returns err.
func Cause(err error) error {
	var f *FaultError
	if errors.As(err, &f) && f.Err != nil {
		return f.Err
	}
	return err
}

// KindOf classifies a failure to reach or to understand an engine: any error of a request, of Docker's client or of reading
// an answer.
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

// IsVersionRefusal reports whether an error's text is an engine's refusal of the API version.
func IsVersionRefusal(text string) bool {
	return strings.Contains(text, "client version ") &&
		(strings.Contains(text, "is too old") || strings.Contains(text, "is too new"))
}

// IsTLSRefusal reports whether an error's text is from a server that expects TLS.
func IsTLSRefusal(text string) bool {
	return strings.Contains(text, "Client sent an HTTP request to an HTTPS server")
}

// isLocal reports whether this process has no file descriptor left. The resolver returns some of these errors only as text.
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

// isTimeout reports whether an error is a timeout or an ended context. An error of a connection closed on this side counts,
// too: net/http closes it at the deadline, and a waiting read may see that first.
func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

package edge

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"wharf/util/apperr"
)

// checkOrigin rejects requests that another site makes a browser send. In open mode, where callers need no token, it also rejects
// foreign reads, and requests to unknown host names (DNS rebinding).
func (e *Edge) checkOrigin(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	for _, origin := range e.o.Origins {
		if err := cross.AddTrustedOrigin(origin); err != nil {
			panic(err) // the settings were checked
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e.handleCORS(w, r) {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		err := cross.Check(r)
		if e.o.Open && (!e.allowedHost(r.Host) || e.ForeignOrigin(r)) {
			err = http.ErrNotSupported
		}
		if err != nil {
			e.o.Fail(w, r, apperr.Wrap(apperr.Forbidden, err, "request from a foreign origin or to a foreign host name refused"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// handleCORS lets the pages of CORS_ORIGINS read the answer. preflight reports whether the request is a CORS preflight, which
// needs no further answer. These pages send tokens, never cookies.
func (e *Edge) handleCORS(w http.ResponseWriter, r *http.Request) (preflight bool) {
	if len(e.o.Origins) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !slices.Contains(e.o.Origins, origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "X-Request-Id, X-Partial, X-Sampled-At, X-Sample-Age, Retry-After")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id, X-Setup-Token")
	h.Set("Access-Control-Max-Age", "600")
	return true
}

// allowedHost reports whether a Host header names loopback or one of ALLOWED_HOSTS.
func (e *Edge) allowedHost(hostport string) bool {
	host := hostName(hostport)
	return loopbackName(hostport) || slices.ContainsFunc(e.o.AllowedHosts, func(allowed string) bool {
		return strings.EqualFold(allowed, host) || strings.EqualFold(allowed, hostport)
	})
}

// loopbackName reports whether a Host header names this machine.
func loopbackName(hostport string) bool {
	host := hostName(hostport)
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// hostName returns the name in a Host header in lower case, without port and brackets.
func hostName(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// ForeignOrigin reports whether the Origin header names another site that isn't one of Options.Origins.
func (e *Edge) ForeignOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(e.o.Origins, origin) {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host
}

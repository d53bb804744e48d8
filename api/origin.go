package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"wharf/util/apperr"
)

// checkOrigin refuses what another site makes a browser send. Where callers need no token
// (open mode) it also refuses foreign reads, and names that aren't ours: DNS rebinding.
func (s *Server) checkOrigin(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := cross.Check(r)
		if s.open && (!s.knownHost(r.Host) || foreignOrigin(r)) {
			err = http.ErrNotSupported
		}
		if err != nil {
			respondError(w, r, apperr.Wrap(apperr.Forbidden, err, "request from a foreign origin or to a foreign host name refused"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// knownHost tells whether a Host header names loopback or one of ALLOWED_HOSTS.
func (s *Server) knownHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if addr, err := netip.ParseAddr(host); err == nil && addr.IsLoopback() {
		return true
	}
	return host == "localhost" || slices.ContainsFunc(s.allowedHosts, func(allowed string) bool {
		return strings.EqualFold(allowed, host) || strings.EqualFold(allowed, hostport)
	})
}

// foreignOrigin tells whether a browser says that the request comes from another site.
func foreignOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host
}

package api

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"wharf/service"
)

// clientAddr is the address of the caller. X-Forwarded-For counts only as far as trusted
// proxies wrote it: the right-most hop that is none of them is the caller.
func (s *Server) clientAddr(r *http.Request) string {
	peer := peerAddr(r)
	if !s.trusted(peer) {
		return peer.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		peer = hop.Unmap()
		if !s.trusted(peer) {
			break
		}
	}
	return peer.String()
}

// peerAddr is the address at the other end of the connection.
func peerAddr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap()
}

func (s *Server) trusted(addr netip.Addr) bool {
	for _, p := range s.proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// direct reports whether a program on this machine sent the request itself: wharf listens on loopback, the
// settings name no proxies, the peer is a loopback address, and no header says that a proxy passed it on.
// A proxy on this machine that adds no header can't be told from such a program.
func (s *Server) direct(r *http.Request) bool {
	if !s.loopback || len(s.proxies) > 0 || !peerAddr(r).IsLoopback() {
		return false
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Forwarded") || slices.Contains(proxyHeaders, name) {
			return false
		}
	}
	return true
}

// proxyHeaders are set by proxies besides X-Forwarded-*, in canonical form.
var proxyHeaders = []string{
	"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "Fastly-Client-Ip", "X-Original-Host",
}

// overTLS tells whether the caller's connection is encrypted, here or at a trusted proxy.
func (s *Server) overTLS(r *http.Request) bool {
	return r.TLS != nil || (s.trusted(peerAddr(r)) && r.Header.Get("X-Forwarded-Proto") == "https")
}

// clientOf describes where a request comes from.
func clientOf(r *http.Request) service.Client {
	info := infoOf(r)
	return service.Client{Addr: info.client, UserAgent: r.UserAgent(), RequestID: info.id, Direct: info.direct}
}

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

// overTLS reports whether the caller's connection is encrypted, here or at a trusted proxy.
func (s *Server) overTLS(r *http.Request) bool {
	return r.TLS != nil || (s.trusted(peerAddr(r)) && r.Header.Get("X-Forwarded-Proto") == "https")
}

// clientOf describes where a request comes from.
func clientOf(r *http.Request) service.Client {
	info := infoOf(r)
	return service.Client{
		Addr: info.client, UserAgent: r.UserAgent(), RequestID: info.id,
		Local: direct(r) && loopbackName(r.Host),
	}
}

// forwarding are headers that proxies add, besides all that begin with X-Forwarded-.
var forwarding = []string{
	"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Forwarded-For", "True-Client-Ip",
	"Cf-Connecting-Ip", "Cdn-Loop", "Fastly-Client-Ip", "X-Envoy-External-Address", "X-Proxyuser-Ip",
}

// direct reports whether a request came from this machine with no sign of a proxy. A proxy beside
// wharf is a loopback client too, and speaks for strangers.
func direct(r *http.Request) bool {
	if !peerAddr(r).IsLoopback() {
		return false
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Forwarded-") || slices.Contains(forwarding, name) {
			return false
		}
	}
	return true
}

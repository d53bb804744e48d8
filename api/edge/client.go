package edge

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddr returns the caller's address. X-Forwarded-For is trusted only as far as trusted proxies wrote it: the caller is the
// right-most hop that isn't a trusted proxy.
func (e *Edge) clientAddr(r *http.Request) string {
	peer := peerAddr(r)
	if !e.trusted(peer) {
		return peer.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		peer = hop.Unmap()
		if !e.trusted(peer) {
			break
		}
	}
	return peer.String()
}

// peerAddr returns the address of the connection's other end.
func peerAddr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap()
}

func (e *Edge) trusted(addr netip.Addr) bool {
	for _, p := range e.o.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// OverTLS reports whether the caller's connection is encrypted, here or at a trusted proxy.
func (e *Edge) OverTLS(r *http.Request) bool {
	return r.TLS != nil || (e.trusted(peerAddr(r)) && r.Header.Get("X-Forwarded-Proto") == "https")
}

// forwarding lists headers that proxies add, in addition to those that begin with X-Forwarded-.
var forwarding = []string{
	"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Forwarded-For", "True-Client-Ip",
	"Cf-Connecting-Ip", "Cdn-Loop", "Fastly-Client-Ip", "X-Envoy-External-Address", "X-Proxyuser-Ip",
}

// Direct reports whether a request came from this machine with no sign of a proxy. A proxy on this machine connects from
// loopback too, but forwards requests of others.
func Direct(r *http.Request) bool {
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

// Local reports whether a request is Direct and its Host header names this machine, which rules out DNS rebinding.
func Local(r *http.Request) bool { return Direct(r) && loopbackName(r.Host) }

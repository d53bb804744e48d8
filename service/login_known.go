package service

import "net/netip"

// networkOf returns the network that counts as one address: the /64 of an IPv6 address, as clients usually have a whole /64.
func networkOf(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil || ip.Unmap().Is4() {
		return addr
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return addr
	}
	return prefix.String()
}

// isKnown reports whether the user has logged in from the address before.
func (g *loginGate) isKnown(name, addr string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.limits.Off || g.known[userAt{name, networkOf(addr)}]
}

// addKnown records that the user has logged in from the address.
func (g *loginGate) addKnown(name, addr string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.remember(name, networkOf(addr))
}

func (g *loginGate) remember(name, network string) {
	if len(g.known) >= limitsMax {
		clear(g.known)
	}
	g.known[userAt{name, network}] = true
}

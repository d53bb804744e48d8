package service

import "net/netip"

// networkOf returns what is counted as one address: of IPv6 the /64, which one client has whole.
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

// knows reports whether the user logged in at the address before.
func (g *loginGate) knows(name, addr string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.limits.Off || g.known[userAt{name, networkOf(addr)}]
}

// learn makes an address known that the user logged in at before.
func (g *loginGate) learn(name, addr string) {
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

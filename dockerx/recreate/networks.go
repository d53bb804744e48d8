package recreate

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
)

// asksFor are the settings of an endpoint that a user can give; the engine generates the others.
var asksFor = []string{"IPAMConfig", "Links", "DriverOpts", "GwPriority"}

// endpoints returns the container's endpoints, sorted by the networks' names.
func (c *containerAnswer) endpoints(macs bool) []Endpoint {
	all := []Endpoint{}
	for _, network := range slices.Sorted(maps.Keys(c.NetworkSettings.Networks)) {
		was, own := c.NetworkSettings.Networks[network], object{}
		for _, key := range asksFor {
			if v, ok := was[key]; ok {
				own[key] = v
			}
		}
		var aliases []string
		_ = json.Unmarshal(was["Aliases"], &aliases)
		aliases = slices.DeleteFunc(aliases, func(a string) bool { return a == c.shortID() })
		if len(aliases) > 0 {
			own.set("Aliases", aliases)
		}
		if mac := was.text("MacAddress"); macs && mac != "" && !isDerived(mac, was.text("IPAddress")) {
			own.set("MacAddress", mac)
		}
		all = append(all, Endpoint{network, encode(own)})
	}
	return all
}

// isDerived reports whether a MAC address was derived from the IP address, as engines before 28 do. Such an address must not be
// kept: it would be a duplicate once another container gets that IP address. Newer engines generate random MAC addresses, which
// can't be distinguished from one that the user gave, but may be kept.
func isDerived(mac, ip string) bool {
	addr, err := netip.ParseAddr(ip)
	if err != nil || !addr.Is4() {
		return false
	}
	b := addr.As4()
	return mac == fmt.Sprintf("02:42:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3])
}

// primary returns the name of the network that NetworkMode means: by name or id, or, for "default", "bridge" and "", the
// engine's default network. It returns "" if the container isn't in that network.
func (c *containerAnswer) primary(mode string) string {
	networks := c.NetworkSettings.Networks
	if _, ok := networks[mode]; ok {
		return mode
	}
	for _, network := range slices.Sorted(maps.Keys(networks)) {
		if networks[network].text("NetworkID") == mode && mode != "" {
			return network
		}
	}
	if mode != "default" && mode != "bridge" && mode != "" {
		return ""
	}
	if _, ok := networks["bridge"]; ok {
		return "bridge"
	}
	return ""
}

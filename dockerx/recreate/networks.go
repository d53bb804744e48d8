package recreate

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
)

// asksFor are the settings of an endpoint that a user may ask for; the rest is how the engine answered.
var asksFor = []string{"IPAMConfig", "Links", "DriverOpts", "GwPriority"}

// endpoints returns the container's places in networks, in order of the networks' names.
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

// isDerived reports whether an engine made a MAC address of the IP address, as those before 28 do: kept, it could meet itself
// once another container gets that IP address. A newer engine's is random, and can be kept as one that was asked for: the
// engine doesn't tell which it is.
func isDerived(mac, ip string) bool {
	addr, err := netip.ParseAddr(ip)
	if err != nil || !addr.Is4() {
		return false
	}
	b := addr.As4()
	return mac == fmt.Sprintf("02:42:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3])
}

// primary returns the network of the container's own that NetworkMode names, by name or id, "default" and "bridge" being the
// engine's own choice; "" where the container isn't in it.
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

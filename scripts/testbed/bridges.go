package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// subnets is the bed's share of the address space: 10.N.0.0/16, of which engine i has 10.N.i.0/24
// for its bridge and 64 networks from 10.N.(16i+16).0 on.
type subnets struct {
	dir string
	n   int
}

const subnetFile = "subnet"

// newSubnets picks an N that no interface of this machine uses, and takes it by making the first bridge:
// of two beds that want the same N, one fails at that and tries another.
func newSubnets(dir string) (*subnets, error) {
	taken, err := usedSubnets()
	if err != nil {
		return nil, err
	}
	for _, i := range rand.Perm(50) {
		s := &subnets{dir: dir, n: 200 + i}
		if taken[s.n] || ip("link", "add", s.bridge(0), "type", "bridge") != nil {
			continue
		}
		share := fmt.Sprintf("10.%d.0.0/16", s.n)
		if err := os.WriteFile(filepath.Join(dir, subnetFile), []byte(share), 0o600); err != nil {
			return nil, err
		}
		allowForward(share)
		return s, nil
	}
	return nil, errors.New("no network between 10.200.0.0/16 and 10.249.0.0/16 is free, or `ip link add` fails")
}

// usedSubnets are the second bytes of this machine's addresses in 10.0.0.0/8.
func usedSubnets() (map[int]bool, error) {
	used := map[int]bool{}
	addrs, err := net.InterfaceAddrs()
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && p.Addr().Is4() && p.Addr().As4()[0] == 10 {
			used[int(p.Addr().As4()[1])] = true
		}
	}
	return used, err
}

func (s *subnets) bridge(index int) string { return fmt.Sprintf("wtb%d-%d", s.n, index) }

func (s *subnets) pool(index int) string {
	return fmt.Sprintf("base=10.%d.%d.0/20,size=26", s.n, 16*index+16)
}

// addBridge makes the bridge of an engine; the first one is there.
func (s *subnets) addBridge(index int) (string, error) {
	name := s.bridge(index)
	if index > 0 {
		if err := ip("link", "add", name, "type", "bridge"); err != nil {
			return "", err
		}
	}
	if err := ip("addr", "add", fmt.Sprintf("10.%d.%d.1/24", s.n, index), "dev", name); err != nil {
		return "", err
	}
	return name, ip("link", "set", name, "up")
}

// removeBridges removes the bridges that have an address in the bed's share, ours and those of
// networks that tests made, and the share's way through the packet filter.
func removeBridges(dir string) error {
	content, err := os.ReadFile(filepath.Join(dir, subnetFile))
	if err != nil {
		return nil //nolint:nilerr // it never came to bridges
	}
	share, err := netip.ParsePrefix(strings.TrimSpace(string(content)))
	if err != nil {
		return err
	}
	errs := []error{forbidForward(share.String())}
	links, err := net.Interfaces()
	for _, link := range links {
		if within(share, link) {
			errs = append(errs, ip("link", "del", link.Name))
		}
	}
	return errors.Join(append(errs, err)...)
}

func within(share netip.Prefix, link net.Interface) bool {
	addrs, _ := link.Addrs()
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && share.Contains(p.Addr()) {
			return true
		}
	}
	return false
}

func ip(args ...string) error { return command("ip", args...) }

// command runs a program of the machine's to its end; the error has what it said.
func command(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = daemonEnv()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

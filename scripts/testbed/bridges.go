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

// newSubnets picks an N that no interface of this machine uses. The choice is random, so that two beds
// that start at once hardly meet.
func newSubnets(dir string) (*subnets, error) {
	taken := map[int]bool{}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && p.Addr().Is4() && p.Addr().As4()[0] == 10 {
			taken[int(p.Addr().As4()[1])] = true
		}
	}
	for _, i := range rand.Perm(50) {
		if n := 200 + i; !taken[n] {
			err := os.WriteFile(filepath.Join(dir, subnetFile), fmt.Appendf(nil, "10.%d.0.0/16", n), 0o600)
			return &subnets{dir: dir, n: n}, err
		}
	}
	return nil, errors.New("no free network between 10.200.0.0/16 and 10.249.0.0/16")
}

func (s *subnets) pool(index int) string {
	return fmt.Sprintf("base=10.%d.%d.0/20,size=26", s.n, 16*index+16)
}

func (s *subnets) addBridge(index int) (string, error) {
	name := fmt.Sprintf("wtb%d-%d", s.n, index)
	for _, args := range [][]string{
		{"link", "add", name, "type", "bridge"},
		{"addr", "add", fmt.Sprintf("10.%d.%d.1/24", s.n, index), "dev", name},
		{"link", "set", name, "up"},
	} {
		if err := ip(args...); err != nil {
			return "", err
		}
	}
	return name, nil
}

// removeBridges removes the bridges that have an address in the bed's share: ours and those of
// networks that tests made.
func removeBridges(dir string) error {
	content, err := os.ReadFile(filepath.Join(dir, subnetFile))
	if err != nil {
		return nil //nolint:nilerr // it never came to bridges
	}
	share, err := netip.ParsePrefix(strings.TrimSpace(string(content)))
	if err != nil {
		return err
	}
	links, err := net.Interfaces()
	var errs []error
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

func ip(args ...string) error {
	cmd := exec.Command("ip", args...)
	cmd.Env = daemonEnv()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

package connect

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// DefaultSocket is the address at which a Docker engine listens by default.
const DefaultSocket = "unix:///var/run/docker.sock"

// ParseAddr parses an address: unix:///path, tcp://name:port or ssh://user@name:port/path/of/socket. Its errors are one
// line and contain no credentials.
func ParseAddr(addr string) (*url.URL, error) {
	scheme, rest, found := strings.Cut(addr, "://")
	if !found || rest == "" {
		return nil, fmt.Errorf("bad address: expected unix:///path or tcp://name:port")
	}
	switch scheme {
	case "unix":
		if !strings.HasPrefix(rest, "/") {
			return nil, fmt.Errorf("bad address: the socket's path must be absolute, as in %s", DefaultSocket)
		}
		return &url.URL{Scheme: "unix", Path: rest}, nil
	case "tcp":
		return parseTCP(addr)
	case "ssh":
		return parseSSH(addr)
	}
	return nil, fmt.Errorf("bad address: unknown scheme %q; expected unix, tcp, ssh or context", shorten(scheme))
}

func parseTCP(addr string) (*url.URL, error) {
	u, err := url.Parse(addr)
	if err != nil {
		return nil, fmt.Errorf("bad address: not a valid tcp://name:port")
	}
	switch {
	case u.Hostname() == "":
		return nil, fmt.Errorf("bad address: no host in it; expected tcp://name:port")
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("bad address: nothing may follow the port in tcp://name:port")
	}
	u.Path = ""
	return u, checkPort(u)
}

func checkPort(u *url.URL) error {
	p := u.Port()
	if p == "" {
		return nil
	}
	if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("bad address: port %q is no port number", shorten(p))
	}
	return nil
}

func parseSSH(addr string) (*url.URL, error) {
	u, err := url.Parse(addr)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("bad address: not a valid ssh://user@name:port")
	}
	if _, password := u.User.Password(); password {
		return nil, fmt.Errorf("bad address: ssh takes keys, not passwords")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("bad address: nothing but the socket's path may follow the port in ssh://user@name:port")
	}
	return u, checkPort(u)
}

// PublicAddr returns the address without credentials, so that it may be shown.
func PublicAddr(addr string) string {
	u, err := ParseAddr(addr)
	if err != nil || u.User == nil {
		return addr
	}
	u.User = nil
	return u.String()
}

// shorten truncates a text that an error message quotes.
func shorten(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

package dockerx

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// HostConfig says how one Docker host is reached.
type HostConfig struct {
	Name string
	// Addr is unix:///path, tcp://name:port or ssh://user@name:port/path/of/socket. Credentials in
	// it never leave this package.
	Addr string
	// CertDir holds ca.pem and, for mutual TLS, cert.pem and key.pem. Empty: tcp without TLS.
	CertDir string
	SSH     SSHConfig         // for ssh alone
	Labels  map[string]string // for people and filters
	// Timeouts of calls; zero ones are the usual ones.
	Timeouts Timeouts
}

// Timeouts of calls to a host: of a ping (2 s), and of a list or an inspect (5 s).
type Timeouts struct {
	Ping time.Duration `yaml:"ping"`
	Read time.Duration `yaml:"read"`
}

// DefaultSocket is where Docker's engine listens when nobody says otherwise.
const DefaultSocket = "unix:///var/run/docker.sock"

var hostNamePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]*$`)

// ParseHosts reads the setting DOCKER_HOSTS ("name=addr,name=addr") and keeps its order. Without a
// setting there is one host `local`, from Docker's own DOCKER_HOST and DOCKER_TLS_VERIFY, else
// the default socket. certPath is DOCKER_CERT_PATH. The error is one line that names the culprit
// and never shows credentials.
func ParseHosts(setting, certPath string) ([]HostConfig, error) {
	if strings.TrimSpace(setting) == "" {
		return environmentHost(certPath)
	}
	var cfgs []HostConfig
	seen := map[string]bool{}
	for i, entry := range strings.Split(setting, ",") {
		cfg, err := parseHost(strings.TrimSpace(entry), certPath)
		if err != nil {
			return nil, fmt.Errorf("DOCKER_HOSTS: entry %d: %w", i+1, err)
		}
		if seen[cfg.Name] {
			return nil, fmt.Errorf("DOCKER_HOSTS: entry %d: host name %q is used twice", i+1, cfg.Name)
		}
		seen[cfg.Name] = true
		cfgs = append(cfgs, cfg)
	}
	return cfgs, nil
}

func environmentHost(certPath string) ([]HostConfig, error) {
	addr := strings.TrimSpace(os.Getenv("DOCKER_HOST"))
	if addr == "" {
		addr = DefaultSocket
	}
	if certPath == "" && os.Getenv("DOCKER_TLS_VERIFY") != "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("DOCKER_TLS_VERIFY is set, but DOCKER_CERT_PATH isn't and there is no home directory")
		}
		certPath = filepath.Join(home, ".docker")
	}
	cfg, err := newHostConfig("local", addr, certPath)
	if err != nil {
		return nil, fmt.Errorf("DOCKER_HOST: %w", err)
	}
	return []HostConfig{cfg}, nil
}

func parseHost(entry, certPath string) (HostConfig, error) {
	if entry == "" {
		return HostConfig{}, fmt.Errorf("nothing between two commas; expected name=address")
	}
	name, addr, found := strings.Cut(entry, "=")
	name, addr = strings.TrimSpace(name), strings.TrimSpace(addr)
	switch {
	case !found && strings.Contains(entry, "://"):
		return HostConfig{}, fmt.Errorf("an address without a name; expected name=address")
	case !found:
		return HostConfig{}, fmt.Errorf("%q has no address; expected name=address", entry)
	case !hostNamePattern.MatchString(name):
		return HostConfig{}, fmt.Errorf("bad host name %q: expected letters, digits, '.', '_' or '-', beginning with a letter or digit", shorten(name))
	}
	cfg, err := newHostConfig(name, addr, certPath)
	if err != nil {
		return HostConfig{}, fmt.Errorf("host %q: %w", name, err)
	}
	return cfg, nil
}

// newHostConfig checks an address and finds the certificates for it.
func newHostConfig(name, addr, certPath string) (HostConfig, error) {
	cfg := HostConfig{Name: name, Addr: addr}
	if context, ok := strings.CutPrefix(addr, "context://"); ok {
		var err error
		if cfg.Addr, cfg.CertDir, err = contextHost(context); err != nil {
			return HostConfig{}, err
		}
	}
	u, err := parseAddr(cfg.Addr)
	if err != nil {
		return HostConfig{}, err
	}
	if u.Scheme == "tcp" && cfg.Addr == addr {
		cfg.CertDir, err = findCerts(name, certPath)
	}
	return cfg, err
}

// parseAddr splits an address. Its errors show no credentials.
func parseAddr(addr string) (*url.URL, error) {
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

// findCerts returns certPath/<host> or certPath, whichever holds certificates, or "" for neither.
func findCerts(name, certPath string) (string, error) {
	if certPath == "" {
		return "", nil
	}
	if info, err := os.Stat(certPath); err != nil || !info.IsDir() {
		return "", fmt.Errorf("DOCKER_CERT_PATH %q is no directory that can be read", certPath)
	}
	own := filepath.Join(certPath, name)
	if info, err := os.Stat(own); err == nil && info.IsDir() {
		return own, nil
	}
	for _, file := range []string{"ca.pem", "cert.pem", "key.pem"} {
		if _, err := os.Stat(filepath.Join(certPath, file)); err == nil {
			return certPath, nil
		}
	}
	return "", nil
}

// PlainTCP tells whether everything said to the host travels without TLS.
func (c HostConfig) PlainTCP() bool {
	return strings.HasPrefix(c.Addr, "tcp://") && c.CertDir == ""
}

// shorten keeps a culprit's name from filling the line.
func shorten(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rs/zerolog"

	"wharf/dockerx"
	"wharf/dockerx/connect"
	"wharf/util/config"
)

var hostNamePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]*$`)

// hostConfigs reads the hosts from HOSTS_FILE or, if that isn't set, from DOCKER_HOSTS.
func hostConfigs(cfg config.Config, log zerolog.Logger) ([]dockerx.HostConfig, error) {
	hosts, setting, err := readHosts(cfg)
	if err != nil {
		return nil, err
	}
	for _, h := range hosts {
		if !h.PlainTCP() {
			continue
		}
		if cfg.AuthMode == "required" && !cfg.AllowPlainTCP {
			return nil, fmt.Errorf("%s: host %q is tcp without TLS, which everybody on the way can control: "+
				"add certificates (DOCKER_CERT_PATH), or set ALLOW_PLAIN_TCP=true", setting, h.Name)
		}
		log.Warn().Str("docker_host", h.Name).Msg("tcp without TLS: everybody on the way to this host can control it")
	}
	return hosts, nil
}

// readHosts also returns the name of the setting that it read, for error messages.
func readHosts(cfg config.Config) (hosts []dockerx.HostConfig, setting string, err error) {
	if cfg.HostsFile == "" {
		hosts, err = parseHosts(cfg.DockerHosts, cfg.DockerCertPath)
		return hosts, "DOCKER_HOSTS", err
	}
	text, err := os.ReadFile(cfg.HostsFile)
	if err == nil {
		hosts, err = parseHostsFile(text, cfg.DockerCertPath)
	}
	if err != nil {
		err = fmt.Errorf("HOSTS_FILE: %w", err)
	}
	return hosts, "HOSTS_FILE", err
}

// parseHosts reads the setting DOCKER_HOSTS ("name=addr,name=addr") and keeps its order. If the setting is empty, there is
// one host `local`, at the address of Docker's own DOCKER_HOST (with DOCKER_TLS_VERIFY) or at the default socket. certPath is
// DOCKER_CERT_PATH. The error is one line that names the faulty entry and never shows credentials.
func parseHosts(setting, certPath string) ([]dockerx.HostConfig, error) {
	if strings.TrimSpace(setting) == "" {
		return environmentHost(certPath)
	}
	var cfgs []dockerx.HostConfig
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

func environmentHost(certPath string) ([]dockerx.HostConfig, error) {
	addr := strings.TrimSpace(os.Getenv("DOCKER_HOST"))
	if addr == "" {
		addr = connect.DefaultSocket
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
	return []dockerx.HostConfig{cfg}, nil
}

func parseHost(entry, certPath string) (dockerx.HostConfig, error) {
	if entry == "" {
		return dockerx.HostConfig{}, fmt.Errorf("nothing between two commas; expected name=address")
	}
	name, addr, found := strings.Cut(entry, "=")
	name, addr = strings.TrimSpace(name), strings.TrimSpace(addr)
	switch {
	case !found && strings.Contains(entry, "://"):
		return dockerx.HostConfig{}, fmt.Errorf("an address without a name; expected name=address")
	case !found:
		return dockerx.HostConfig{}, fmt.Errorf("%q has no address; expected name=address", entry)
	case !hostNamePattern.MatchString(name):
		return dockerx.HostConfig{}, fmt.Errorf("bad host name %q: expected letters, digits, '.', '_' or '-', beginning with a letter or digit", shorten(name))
	}
	cfg, err := newHostConfig(name, addr, certPath)
	if err != nil {
		return dockerx.HostConfig{}, fmt.Errorf("host %q: %w", name, err)
	}
	return cfg, nil
}

// newHostConfig checks an address and finds its certificates.
func newHostConfig(name, addr, certPath string) (dockerx.HostConfig, error) {
	cfg := dockerx.HostConfig{Name: name, Addr: addr}
	if context, ok := strings.CutPrefix(addr, "context://"); ok {
		var err error
		if cfg.Addr, cfg.CertDir, err = contextHost(context); err != nil {
			return dockerx.HostConfig{}, err
		}
	}
	u, err := connect.ParseAddr(cfg.Addr)
	if err != nil {
		return dockerx.HostConfig{}, err
	}
	if u.Scheme == "tcp" && cfg.Addr == addr {
		cfg.CertDir, err = findCerts(name, certPath)
	}
	return cfg, err
}

// findCerts returns certPath/<host> or certPath, whichever exists with certificates, or "" if neither does.
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
	if hasCerts(certPath) {
		return certPath, nil
	}
	return "", nil
}

// hasCerts reports whether a directory holds any of the three files of a host's certificates.
func hasCerts(dir string) bool {
	for _, file := range []string{"ca.pem", "cert.pem", "key.pem"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
			return true
		}
	}
	return false
}

// shorten cuts a long value, so that an error message stays one short line.
func shorten(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"wharf/dockerx"
	"wharf/dockerx/connect"
)

// hostEntry is a host in hosts.yaml.
type hostEntry struct {
	Name     string            `yaml:"name"`
	Addr     string            `yaml:"addr"`
	Certs    string            `yaml:"certs"` // directory of ca.pem, cert.pem and key.pem
	SSH      sshEntry          `yaml:"ssh"`
	Labels   map[string]string `yaml:"labels"`
	Timeouts timeoutsEntry     `yaml:"timeouts"`
}

// sshEntry is the form of connect.SSHConfig in hosts.yaml.
type sshEntry struct {
	Identities []string `yaml:"identities"`
	KnownHosts []string `yaml:"known_hosts"`
	Jumps      []string `yaml:"jumps"`
}

// timeoutsEntry is the form of dockerx.Timeouts in hosts.yaml.
type timeoutsEntry struct {
	Ping time.Duration `yaml:"ping"`
	Read time.Duration `yaml:"read"`
}

// maxTimeout is the upper limit: with a mistyped unit ("5m" for "5s") callers would wait too long for a dead host.
const maxTimeout = time.Minute

// parseHostsFile reads the contents of hosts.yaml:
//
//	hosts:
//	  - name: edge
//	    addr: ssh://deploy@edge.example.org
//	    ssh: {identities: [/etc/wharf/id_ed25519], known_hosts: [/etc/wharf/known_hosts], jumps: [me@bastion]}
//	    labels: {site: north}
//	    timeouts: {ping: 2s, read: 5s}
//	  - {name: db, addr: "tcp://10.0.0.7:2376", certs: /etc/wharf/db}
//
// certPath is DOCKER_CERT_PATH, used for hosts without certs. The error is one line that names the faulty entry and never
// shows credentials.
func parseHostsFile(contents []byte, certPath string) ([]dockerx.HostConfig, error) {
	var file struct {
		Hosts []hostEntry `yaml:"hosts"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(contents))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("hosts file: %s", strings.Join(strings.Fields(err.Error()), " "))
	}
	cfgs := make([]dockerx.HostConfig, 0, len(file.Hosts))
	seen := map[string]bool{}
	for i, entry := range file.Hosts {
		cfg, err := entry.config(certPath)
		if err != nil {
			return nil, fmt.Errorf("hosts file: entry %d: %w", i+1, err)
		}
		if seen[cfg.Name] {
			return nil, fmt.Errorf("hosts file: entry %d: host name %q is used twice", i+1, cfg.Name)
		}
		seen[cfg.Name] = true
		cfgs = append(cfgs, cfg)
	}
	if len(cfgs) == 0 {
		return nil, fmt.Errorf("hosts file: there is no host in it")
	}
	return cfgs, nil
}

func (e hostEntry) config(certPath string) (dockerx.HostConfig, error) {
	if !hostNamePattern.MatchString(e.Name) {
		return dockerx.HostConfig{}, fmt.Errorf("bad host name %q: expected letters, digits, '.', '_' or '-', beginning with a letter or digit", shorten(e.Name))
	}
	fail := func(err error) (dockerx.HostConfig, error) {
		return dockerx.HostConfig{}, fmt.Errorf("host %q: %w", e.Name, err)
	}
	if e.Certs != "" {
		certPath = "" // the entry names its own
	}
	cfg, err := newHostConfig(e.Name, e.Addr, certPath)
	if err != nil {
		return fail(err)
	}
	switch t := e.Timeouts; {
	case e.Certs != "" && !strings.HasPrefix(cfg.Addr, "tcp://"):
		return fail(errors.New("certs: only tcp has them"))
	case t.Ping < 0 || t.Read < 0 || t.Ping > maxTimeout || t.Read > maxTimeout:
		return fail(fmt.Errorf("timeouts: expected at most %s", maxTimeout))
	}
	for key := range e.Labels {
		if key == "" || strings.Contains(key, "=") {
			return fail(fmt.Errorf("labels: bad name %q: expected at least a character, and no '='", shorten(key)))
		}
	}
	ssh := connect.SSHConfig(e.SSH)
	if err := ssh.Check(); err != nil {
		return fail(err)
	}
	if e.Certs != "" {
		cfg.CertDir = e.Certs
	}
	cfg.SSH, cfg.Labels, cfg.Timeouts = ssh, e.Labels, dockerx.Timeouts(e.Timeouts)
	return cfg, nil
}

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"wharf/dockerx/connect"
)

// contextHost reads a context of Docker's command line and returns the daemon's address and the directory of its
// certificates, "" without any. The layout is that of docker/cli's cli/context/store.
func contextHost(name string) (addr, certDir string, err error) {
	if name == "default" {
		return connect.DefaultSocket, "", nil
	}
	if !hostNamePattern.MatchString(name) {
		return "", "", fmt.Errorf("bad docker context name %q", shorten(name))
	}
	dir := os.Getenv("DOCKER_CONFIG")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", "", fmt.Errorf("docker context %q: there is no home directory", name)
		}
		dir = filepath.Join(home, ".docker")
	}
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	b, err := os.ReadFile(filepath.Join(dir, "contexts", "meta", id, "meta.json"))
	if err != nil {
		return "", "", fmt.Errorf("there is no docker context %q", name)
	}
	var meta struct {
		Endpoints map[string]struct {
			Host          string
			SkipTLSVerify bool
		}
	}
	if err := json.Unmarshal(b, &meta); err != nil {
		return "", "", fmt.Errorf("docker context %q can't be read: its meta.json is malformed", name)
	}
	docker := meta.Endpoints["docker"]
	switch {
	case docker.Host == "":
		return "", "", fmt.Errorf("docker context %q has no docker endpoint", name)
	case docker.SkipTLSVerify:
		return "", "", fmt.Errorf("docker context %q doesn't check the daemon's certificate, which wharf always does", name)
	}
	certDir = filepath.Join(dir, "contexts", "tls", id, "docker")
	if !hasCerts(certDir) {
		certDir = ""
	}
	return docker.Host, certDir, nil
}

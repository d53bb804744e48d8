package main

import (
	"os"
	"os/exec"
	"strings"
)

// addRegistry passes the path of an image registry to the tests, after installing one if possible. A bed works without one: the tests
// that need it report that it is missing.
func (r *ready) addRegistry() {
	path := findRegistry()
	if path == "" && installed("apt-get") && becomesRoot() {
		if err := script("scripts/install-registry.sh"); err != nil {
			say("%v", err)
		}
		path = findRegistry()
	}
	if path == "" {
		r.Summary = append(r.Summary, "registry  none found: install docker-registry, or set WHARF_TEST_REGISTRY to the program")
		return
	}
	r.Env["WHARF_TEST_REGISTRY"] = path
	version, _ := exec.Command(path, "--version").Output()
	r.Summary = append(r.Summary, "registry  "+strings.TrimSpace(string(version)))
}

func findRegistry() string {
	if path := os.Getenv("WHARF_TEST_REGISTRY"); path != "" {
		return path
	}
	path, _ := exec.LookPath("docker-registry")
	return path
}

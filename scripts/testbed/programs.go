package main

import (
	"fmt"
	"os"
	"os/exec"
)

// program is a program that some tests start; variable passes its path to them.
type program struct{ name, variable, install string }

var programs = []program{
	{"nginx", "WHARF_TEST_NGINX", "scripts/install-nginx.sh"},
	{"docker-compose", "WHARF_TEST_COMPOSE", "scripts/install-compose.sh"},
	{"prometheus", "WHARF_TEST_PROMETHEUS", "scripts/install-prometheus.sh"},
	{"promtool", "WHARF_TEST_PROMTOOL", "scripts/install-prometheus.sh"},
}

// addPrograms passes the paths of the programs to the tests, after installing missing ones. A bed works without them: the tests that
// need one report that it is missing.
func (r *ready) addPrograms() {
	for _, p := range programs {
		path := p.find()
		if path == "" && installed("apt-get") && becomesRoot() {
			if err := script(p.install); err != nil {
				say("%v", err)
			}
			path = p.find()
		}
		if path == "" {
			r.Summary = append(r.Summary, fmt.Sprintf("%-9s none found: install it, or set %s to it", p.name, p.variable))
			continue
		}
		r.Env[p.variable] = path
		r.Summary = append(r.Summary, fmt.Sprintf("%-9s %s", p.name, path))
	}
}

// find also looks in the directories of daemons, which a user's PATH often lacks.
func (p program) find() string {
	if path := os.Getenv(p.variable); path != "" {
		return path
	}
	for _, name := range []string{p.name, "/usr/sbin/" + p.name, "/usr/local/sbin/" + p.name} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

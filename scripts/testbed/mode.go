package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// mode is how the bed's engines run.
type mode string

const (
	native     mode = "native"
	containers mode = "containers"
)

func (m mode) explain() string {
	if m == native {
		return "native: Docker engines and a Postgres of our own, as daemons of this machine"
	}
	return "containers: the Docker engine that answers here, other engines and Postgres as its containers"
}

// onlyPostgres is the value of -only for a bed without engines.
const onlyPostgres = "postgres"

// chooseMode chooses a mode that works on this machine. Engines of the bed's own are the closest to production. The engine that
// answers is for macOS and machines without root. On a Debian machine with neither, engines are installed. It installs what the mode
// lacks, and prints that.
func chooseMode(only string) (mode, error) {
	switch m := mode(os.Getenv("WHARF_TESTBED")); m {
	case native:
		return m, installMissing(only)
	case containers:
		return m, nil
	case "":
	default:
		return "", fmt.Errorf("WHARF_TESTBED=%s: want native or containers", m)
	}
	can := runtime.GOOS == "linux" && becomesRoot()
	switch {
	case can && installed("dockerd"), can && installed("apt-get") && (only == onlyPostgres || !engineAnswers()):
		return native, installMissing(only)
	case engineAnswers():
		return containers, nil
	}
	return "", errors.New("no Docker engine answers, and none can be started here (that needs Linux, and root or " +
		"sudo without a password).\nStart Docker and try again, or run `make test-short`, which needs none")
}

func installMissing(only string) error {
	if only != onlyPostgres && (!installed("dockerd") || !installed("ip")) {
		if err := script("scripts/install-docker.sh"); err != nil {
			return err
		}
	}
	if _, err := postgresBin(); err != nil {
		return script("scripts/install-postgres.sh")
	}
	return nil
}

// script runs one of the repository's scripts. All its output goes to standard error.
func script(path string) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	cmd := exec.Command("sh", root+"/"+path)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func becomesRoot() bool {
	return os.Geteuid() == 0 || exec.Command("sudo", "-n", "true").Run() == nil
}

func installed(program string) bool {
	for _, dir := range []string{"/usr/sbin/", "/usr/local/sbin/", "/sbin/"} {
		if _, err := os.Stat(dir + program); err == nil {
			return true
		}
	}
	_, err := exec.LookPath(program)
	return err == nil
}

// engineAnswers reports whether the docker command reaches an engine that isn't the bed's.
func engineAnswers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if newEngine("", answeringAddr(), nil).ping(ctx) == nil {
		return true
	}
	return exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").Run() == nil
}

// answeringAddr returns the address to try first for the machine's own engine, since the docker command, which also knows contexts and
// certificates, may not be installed.
func answeringAddr() string {
	if addr := os.Getenv("DOCKER_HOST"); addr != "" {
		return addr
	}
	return "unix:///var/run/docker.sock"
}

func signalOf(exit *exec.ExitError) int {
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return int(status.Signal())
	}
	return 1
}

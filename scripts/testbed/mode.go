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

// chooseMode takes what the machine can do: engines of our own are the closest to production, the
// engine that answers is what macOS and machines without root have, and a Debian machine that has
// neither gets one installed. It installs what the mode lacks, saying so.
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

// script runs one of the repository's scripts. Its words go to standard error, as ours.
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

// engineAnswers tells whether a Docker engine that is not ours answers the docker command.
func engineAnswers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if newEngine("", answeringAddr(), nil).ping(ctx) == nil {
		return true
	}
	return exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").Run() == nil
}

// answeringAddr is where an engine of the machine is looked for first: the docker command, which also knows
// contexts and certificates, need not be there.
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

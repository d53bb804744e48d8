package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// daemon is a child process that runs until it is stopped.
type daemon struct {
	cmd   *exec.Cmd
	log   string
	ended chan struct{} // closed when the process has been waited for
}

// child holds what a daemon gets in addition to its command line.
type child struct {
	as     *syscall.Credential // nil keeps the current user
	socket *os.File            // a listening socket, passed as in systemd's socket activation; may be nil
}

// startDaemon starts a child in the network. Its output goes to dir/name.log.
func (n *network) startDaemon(dir, name string, c child, command ...string) (*daemon, error) {
	d := &daemon{log: filepath.Join(dir, name+".log"), ended: make(chan struct{})}
	out, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	env := daemonEnv()
	if c.socket != nil {
		// sd_listen_fds(3) requires the daemon's process id, which only the child knows.
		command = append([]string{"sh", "-c", `export LISTEN_PID=$$; exec "$@"`, "sh"}, command...)
		env = append(env, "LISTEN_FDS=1")
	}
	d.cmd = exec.Command(command[0], command[1:]...)
	if c.socket != nil {
		d.cmd.ExtraFiles = []*os.File{c.socket}
	}
	d.cmd.Dir = dir
	d.cmd.Env = env
	d.cmd.Stdout, d.cmd.Stderr = out, out
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: c.as}
	if err := n.do(d.cmd.Start); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		_ = d.cmd.Wait()
		close(d.ended)
	}()
	return d, nil
}

// findDaemons appends to PATH the directories where Debian installs daemons and the programs they call: the PATH of a user, or of root
// after su, lacks them. Directories of the caller's PATH come first, so that another engine's programs can be used.
func findDaemons() error {
	return os.Setenv("PATH", os.Getenv("PATH")+":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
}

// daemonEnv returns an environment without any of the caller's Docker settings.
func daemonEnv() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=/root", "LC_ALL=C", "PGTZ="}
}

// stop sends SIGTERM, and SIGKILL after the grace period.
func (d *daemon) stop(grace time.Duration) {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.ended:
	case <-time.After(grace):
		d.kill()
	}
}

func (d *daemon) kill() {
	_ = d.cmd.Process.Kill()
	<-d.ended
}

// await polls until probe succeeds, the daemon has ended, or 40 s have passed.
func (d *daemon) await(ctx context.Context, what string, probe func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 40*time.Second)
	defer cancel()
	for {
		err := probe(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-d.ended:
			return fmt.Errorf("%s ended at once; its last words:\n%s", what, d.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w; its last words:\n%s", what, err, d.lastWords())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (d *daemon) lastWords() string {
	content, _ := os.ReadFile(d.log)
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

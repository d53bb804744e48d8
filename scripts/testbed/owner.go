package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// ready is the one line that serve writes when the bed is up or has failed to start.
type ready struct {
	Error   string            `json:",omitempty"`
	Dir     string            `json:",omitempty"`
	Env     map[string]string `json:",omitempty"`
	Summary []string          `json:",omitempty"`
}

// owner is the serve process, as used by run and up.
type owner struct {
	cmd   *exec.Cmd
	stdin io.Closer // closing it ends the bed; nil if detached
	ready ready
}

// startOwner starts serve and waits until the bed is up. With a log file serve is detached: it outlives this process.
func startOwner(log, only string) (*owner, error) {
	mode, err := chooseMode(only)
	if err != nil {
		return nil, err
	}
	app, err := buildApp()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(filepath.Dir(app))
	o, err := launch(serveArgs(mode, app, only, log != ""), log)
	if err != nil && mode == native && os.Getenv("WHARF_TESTBED") == "" && engineAnswers() {
		say("%v", err)
		say("engines of our own do not start here: trying containers of the engine that answers")
		o, err = launch(serveArgs(containers, app, only, log != ""), log)
	}
	if err == nil && only == "" {
		o.ready.addBrowser()
		o.ready.addRegistry()
	}
	if err == nil {
		o.ready.addPrograms()
	}
	return o, err
}

func serveArgs(m mode, app, only string, detached bool) []string {
	self, _ := os.Executable()
	args := []string{
		self, "serve", "-mode", string(m), "-app", app, "-only", only,
		"-uid", strconv.Itoa(os.Getuid()), "-gid", strconv.Itoa(os.Getgid()),
	}
	if detached {
		args = append(args, "-detached")
	}
	if m == native && os.Geteuid() != 0 {
		args = append([]string{"sudo", "-n"}, args...)
	}
	return args
}

func launch(args []string, log string) (*owner, error) {
	cmd := exec.Command(args[0], args[1:]...)
	// Its own process group, so that Ctrl-C reaches only this process and the command in the bed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stderr = os.Stderr
	o := &owner{cmd: cmd}
	if log == "" {
		stdin, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		o.stdin = stdin
	} else {
		out, err := os.Create(log)
		if err != nil {
			return nil, err
		}
		defer out.Close()
		cmd.Stderr = out
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the bed's owner: %w", err)
	}
	return o, o.awaitReady(stdout)
}

func (o *owner) awaitReady(stdout io.Reader) error {
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &o.ready)
	}
	if err == nil && o.ready.Error != "" {
		err = errors.New(o.ready.Error)
	}
	if err != nil {
		_ = o.end()
		return fmt.Errorf("bring up: %w", err)
	}
	return nil
}

// end makes serve remove the bed, and waits for it.
func (o *owner) end() error {
	if o.stdin != nil {
		o.stdin.Close()
	}
	ended := make(chan error, 1)
	go func() { ended <- o.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("clean up: %w", err)
		}
		return nil
	case <-time.After(90 * time.Second):
		return errors.New("clean up: not done after 90 s; the next run sweeps the rest")
	}
}

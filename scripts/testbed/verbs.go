package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// run starts a bed for one command and removes it afterwards. If the command fails, the error is its *exec.ExitError.
func run(command []string, only string) error {
	if len(command) == 0 {
		return errors.New("run: which command?")
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	began := time.Now()
	o, err := startOwner("", only)
	if err != nil {
		return err
	}
	say("up after %.1f s (%s)", time.Since(began).Seconds(), o.ready.Dir)
	var failed error
	select {
	case s := <-signals:
		failed = fmt.Errorf("%v before the command began", s)
	default:
		failed = runIn(o.ready.Env, command, signals)
	}
	if err := o.end(); err != nil {
		say("%v", err)
		failed = errors.Join(failed, err)
	}
	summarise(o.ready.Summary, command, failed, time.Since(began))
	return failed
}

// runIn runs the command in the bed's environment and forwards signals to it.
func runIn(env map[string]string, command []string, signals <-chan os.Signal) error {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = os.Environ()
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			return err
		case s := <-signals:
			_ = cmd.Process.Signal(s)
		}
	}
}

func summarise(lines, command []string, failed error, took time.Duration) {
	result := "passed"
	if failed != nil {
		result = "FAILED: " + failed.Error()
	}
	fmt.Println("\n--- what ran against what ---")
	for _, l := range lines {
		fmt.Println(l)
	}
	fmt.Printf("command   %s\nresult    %s, %.0f s with the bed\n", strings.Join(strings.Fields(strings.Join(command, " ")), " "), result, took.Seconds())
}

// up starts a bed that stays, and writes the environment for its use to a file.
func up(envFile, only string) error {
	if dir := bedOf(envFile); dir != "" && running(dir) {
		say("already up: source %s", envFile)
		return nil
	}
	o, err := startOwner(logOf(envFile), only)
	if err != nil {
		return err
	}
	if err := os.WriteFile(envFile, exportLines(o.ready), 0o600); err != nil {
		return fmt.Errorf("write the environment: %w", err)
	}
	for _, l := range o.ready.Summary {
		fmt.Println(l)
	}
	fmt.Printf("source %s\n", envFile)
	return o.cmd.Process.Release()
}

func exportLines(r ready) []byte {
	lines := []string{"export " + dirVariable + "='" + r.Dir + "'"}
	for k, v := range r.Env {
		lines = append(lines, "export "+k+"='"+v+"'")
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, "\n") + "\n")
}

// down ends the bed that up started.
func down(envFile string) error {
	dir := bedOf(envFile)
	if dir == "" {
		say("nothing to end: no %s", envFile)
		return nil
	}
	if running(dir) {
		if err := terminate(dir); err != nil {
			return err
		}
	}
	return errors.Join(os.Remove(envFile), os.Remove(logOf(envFile)))
}

// logOf returns the file to which the owner of an up writes errors.
func logOf(envFile string) string { return envFile + ".log" }

// bedOf reads the bed's directory from the file that up wrote; "" if there is none.
func bedOf(envFile string) string {
	content, err := os.ReadFile(envFile)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(content)) {
		if v, ok := strings.CutPrefix(line, "export "+dirVariable+"="); ok {
			return strings.Trim(v, "'\n")
		}
	}
	return ""
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func (a *app) dockerCommand() *cobra.Command {
	var overTCP bool
	c := &cobra.Command{
		Use: "docker HOST [-- COMMAND [ARGUMENT...]]", Short: "Run Docker's own tools against a host through the server", DisableFlagsInUseLine: true,
		Long: "Runs a command with DOCKER_HOST set to a temporary socket, and returns the command's exit code. Through the socket, docker,\n" +
			"compose and other tools reach the host with your rights. Without a command it prints the line that sets DOCKER_HOST in a\n" +
			"shell, and runs until it is interrupted. Only you can use the socket, and it is removed at the end.\n" +
			"docs/docker-tools.md lists what the tools may do, and which key (WHARF_TOKEN) allows everything.",
		Example: lines("wharf docker web-1 -- docker ps", "wharf docker web-1 -- docker compose up -d",
			"eval \"$(wharf docker web-1 &)\"; docker ps; kill $WHARF_DOCKER_PID"),
		Args: arguments(1, -1),
		RunE: func(c *cobra.Command, args []string) error {
			command := args[1:]
			if len(command) > 0 && command[0] == "--" {
				command = command[1:]
			}
			server, err := a.connect()
			if err != nil {
				return err
			}
			return a.docker(c.Context(), server, args[0], overTCP, command)
		},
	}
	c.Flags().SetInterspersed(false) // flags after the host belong to the command
	c.Flags().BoolVar(&overTCP, "tcp", runtime.GOOS == "windows", "use a port of this machine with a secret path instead of a unix socket")
	c.ValidArgsFunction = first(a.hostNames)
	return c
}

// docker runs a command with DOCKER_HOST set to a relay to the host. Without a command it prints DOCKER_HOST and waits for a
// signal.
func (a *app) docker(ctx context.Context, server *connection, host string, overTCP bool, command []string) error {
	if err := server.PingEngine(ctx, host); err != nil {
		return err
	}
	// Registered before the socket is created, so that no signal can leave it behind.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	relay, err := openRelay(ctx, server.EngineHandler(host), overTCP)
	if err != nil {
		return err
	}
	defer relay.close()
	if len(command) > 0 {
		return a.runWith(ctx, relay.address, command, signals)
	}
	if err := a.printExport(relay.address); err != nil {
		return err
	}
	<-signals
	return nil
}

// printExport prints the line that sets DOCKER_HOST in the user's shell. An output that isn't a terminal is then closed: a shell
// with $(wharf docker HOST) waits for its end.
func (a *app) printExport(address string) error {
	line := fmt.Sprintf("export DOCKER_HOST=%s WHARF_DOCKER_PID=%d", address, os.Getpid())
	if runtime.GOOS == "windows" {
		line = fmt.Sprintf("$env:DOCKER_HOST = %q", address)
	}
	if _, err := fmt.Fprintln(a.out, line); err != nil {
		return err
	}
	if isTerminal(a.out) {
		fmt.Fprintln(a.errs, "For a shell in another terminal, until Ctrl-C here.")
		return nil
	}
	if f, ok := a.out.(*os.File); ok {
		return f.Close()
	}
	return nil
}

// runWith runs a command and returns its exit code as an error. Signals are passed to the command, which decides when to end;
// Ctrl-C in a terminal reaches it directly.
func (a *app) runWith(ctx context.Context, address string, command []string, signals <-chan os.Signal) error {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.out, a.errs
	cmd.Env = dockerEnvironment(os.Environ(), address)
	if err := cmd.Start(); err != nil {
		return &exitError{code: exitExec, err: err}
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	atTerminal := isTerminal(a.in)
	for {
		select {
		case s := <-signals:
			if s != os.Interrupt || !atTerminal {
				_ = cmd.Process.Signal(s) // an error means that the command has ended, which Wait reports
			}
		case err := <-ended:
			return exitOf(err)
		}
	}
}

// dockerEnvironment returns the environment with DOCKER_HOST set, without other variables that select an engine, and without
// the key, which the command doesn't need.
func dockerEnvironment(environment []string, address string) []string {
	kept := slices.DeleteFunc(slices.Clone(environment), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{
			"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "WHARF_TOKEN",
		}, name)
	})
	return append(kept, "DOCKER_HOST="+address)
}

// exitOf returns a command's exit code as an error: 128 plus the signal's number if a signal ended it, as in shells.
func exitOf(err error) error {
	ended := (*exec.ExitError)(nil)
	if !errors.As(err, &ended) {
		return err
	}
	if status, ok := ended.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return silently(128 + int(status.Signal()))
	}
	return silently(ended.ExitCode())
}

// Package cli is wharf's command line as a client of a server.
//
// Job. Run runs one command and returns its exit code (exit.go). Each command or family of commands has its own file; all requests go
// through package client.
//
// Owner. Package main calls Run once per process. Contexts, with their API keys, are in a file that only the user may read (contexts.go).
//
// Limits. The server's own commands (serve, migrate, user, hosts check, backup) are in package main.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"wharf/util/text"
)

// app holds what the commands of one run share.
type app struct {
	in   io.Reader
	out  io.Writer
	errs io.Writer
	env  func(string) string

	context string // --context
	output  string // -o
}

// Run runs the command that args name and returns the process's exit code.
func Run(ctx context.Context, args []string) int {
	a := &app{in: os.Stdin, out: os.Stdout, errs: os.Stderr, env: os.Getenv}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if status := (*exitError)(nil); errors.As(err, &status) && status.silent {
		return status.code
	}
	if err != nil {
		fmt.Fprintf(a.errs, "%s %s\n", a.paint(red, "wharf:"), text.Terminal(explain(err)))
	}
	return codeOf(err)
}

// Has reports whether the arguments after the program's name are for Run, and not for one of the server's own commands.
func Has(args []string) bool {
	if len(args) == 0 {
		return false
	}
	switch args[0] {
	case "--context":
		return len(args) > 2 && Has(args[2:])
	case "hosts":
		return !slices.Contains(args, "check")
	case "help":
		return len(args) > 1 && Has(args[1:])
	case cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd, "completion":
		return true
	}
	for _, c := range Commands().Commands() {
		if c.Name() == args[0] {
			return c.GroupID != groupServer
		}
	}
	return false
}

// Commands returns the tree of all commands, for generating documents.
func Commands() *cobra.Command { return (&app{}).root() }

const (
	groupContainers = "containers"
	groupFleet      = "fleet"
	groupAccess     = "access"
	groupServer     = "server"
)

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "wharf", Short: "Manage the Docker containers of many hosts through a wharf server",
		SilenceUsage: true, SilenceErrors: true, Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
		PersistentPreRun: func(c *cobra.Command, _ []string) {
			a.output, _ = c.Flags().GetString("output") // "" for a command without -o
		},
	}
	root.SetOut(a.out)
	root.SetErr(a.errs)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usage(c, "%s", err) })
	flags := root.PersistentFlags()
	flags.StringVar(&a.context, "context", "", "the `NAME` of the context to use, instead of the current one")
	root.AddGroup(
		&cobra.Group{ID: groupContainers, Title: "Containers:"},
		&cobra.Group{ID: groupFleet, Title: "Hosts and history:"},
		&cobra.Group{ID: groupAccess, Title: "Access:"},
		&cobra.Group{ID: groupServer, Title: "The server itself (see wharf --help):"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupContainers, a.psCommand(), a.inspectCommand(), a.statsCommand(), a.logsCommand(), a.execCommand(), a.dockerCommand())
	add(groupContainers, a.operationCommands()...)
	add(groupFleet, a.hostsCommand(), a.eventsCommand(), a.auditCommand(), a.bulkCommand())
	add(groupFleet, a.imagesCommand(), a.volumesCommand(), a.networksCommand(), a.pullCommand(), a.pruneCommand())
	add(groupAccess, a.loginCommand(), a.logoutCommand(), a.contextCommand(), a.keysCommand(), a.usersCommand())
	add(groupServer, serverCommands()...)
	a.complete(root, "context", a.contextNames)
	return root
}

// serverCommands returns entries for the commands that main runs itself, so that help and completion list them.
func serverCommands() []*cobra.Command {
	commands := make([]*cobra.Command, 0, 5)
	for _, c := range [][2]string{
		{"serve", "Serve the API"},
		{"migrate", "Migrate the database schema, or print its version"},
		{"user", "Manage users directly in the database"},
		{"backup", "Copy the SQLite database to a new file, while it is in use"},
		{"version", "Print the version"},
	} {
		commands = append(commands, &cobra.Command{Use: c[0], Short: c[1], Run: func(*cobra.Command, []string) {}})
	}
	return commands
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Colours, as parameters of the escape sequence that sets them.
const (
	red    = "31"
	yellow = "33"
)

// paint colours a text that is printed to standard error, if that is a terminal and NO_COLOR isn't set.
func (a *app) paint(colour, s string) string {
	if !a.colours(a.errs) {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

func (a *app) colours(stream io.Writer) bool {
	return a.env("NO_COLOR") == "" && a.env("TERM") != "dumb" && isTerminal(stream)
}

// warn prints a warning to standard error.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.errs, "%s %s\n", a.paint(yellow, "wharf:"), text.Terminal(fmt.Sprintf(format, args...)))
}

// lines joins the lines of an example for help and docs/cli.md.
func lines(examples ...string) string { return "  " + strings.Join(examples, "\n  ") }

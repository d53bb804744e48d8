// Command wharf serves one HTTP JSON API in front of many Docker hosts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"wharf/cli"
	"wharf/util/config"
)

// version is set at build time.
var version = "dev"

const usage = `wharf: one HTTP JSON API in front of many Docker hosts

Usage:
  wharf [serve] [flags]          serve the API
  wharf migrate up|down|version  migrate the database to the current schema, one step back, or print the version
  wharf backup FILE              copy the SQLite database to a new file, while it is in use
  wharf hosts check              connect to each Docker host and print a table
  wharf user add [-role R] [-full-name N] [-email E] NAME
  wharf user passwd NAME         set a password, read from the terminal or standard input
  wharf user list
  wharf version

The client of a server (first: wharf login URL):
  wharf ps, inspect, start, stop, logs, exec, events, …   see wharf help ps, or docs/cli.md
  wharf docker HOST -- docker ps                          Docker's own tools, through the server

Flags:
  -config FILE   settings file (default app.env, which may be missing)
  -hints         serve: print how to log in

Settings, from the environment or the settings file:
`

// errUsage reports a command line that wharf doesn't understand.
var errUsage = errors.New("see wharf --help")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if cli.Has(os.Args[1:]) {
		code := cli.Run(ctx, os.Args[1:])
		stop()
		os.Exit(code)
	}
	err := command(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "wharf: %v\n", err)
		os.Exit(1)
	}
}

// command runs the command that the arguments name, or the server if there are none.
func command(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("wharf", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	file := flags.String("config", "", "")
	hints := flags.Bool("hints", false, "")
	verb := "serve"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb, args = args[0], args[1:]
	}
	err := flags.Parse(args)
	if err == nil && verb == "serve" && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	switch {
	case errors.Is(err, flag.ErrHelp) || verb == "help":
		_, err = fmt.Fprint(out, usage+config.Help())
		return err
	case err != nil:
		return fmt.Errorf("%w (%w)", err, errUsage)
	case verb == "version":
		_, err = fmt.Fprintln(out, version)
		return err
	}
	cfg, err := loadConfig(*file)
	if err != nil {
		return err
	}
	switch verb {
	case "serve":
		return run(ctx, cfg, out, *hints)
	case "migrate":
		return migrateCommand(ctx, cfg, flags.Args(), out)
	case "backup":
		return backupCommand(ctx, cfg, flags.Args(), out)
	case "hosts":
		return hostsCommand(ctx, cfg, flags.Args(), out)
	case "user":
		return userCommand(ctx, cfg, flags.Args(), out)
	default:
		return fmt.Errorf("unknown command %q: %w", verb, errUsage)
	}
}

// loadConfig reads app.env or the file of -config. Only the latter must exist.
func loadConfig(file string) (config.Config, error) {
	if file == "" {
		return config.Load("app.env", false, os.Environ())
	}
	return config.Load(file, true, os.Environ())
}

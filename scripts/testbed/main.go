// Command testbed provides real parts for the tests: a Postgres and three Docker engines that only they use. It removes everything
// afterwards.
//
//	go run ./scripts/testbed run -- go test ./...   start a bed, run the command, clean up, print what it ran against
//	go run ./scripts/testbed up                     start a bed that stays, write /tmp/wharf-testbed.env
//	go run ./scripts/testbed down                   end that bed
//
// The process that owns the bed is "testbed serve", started by run and up, as root if daemons need it. It ends when run ends, for
// whatever reason, and also removes the beds of owners that were killed.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const usage = `usage: testbed [-env FILE] [-only postgres] up | down | run -- COMMAND... | answers

answers tells by its exit code whether a Docker engine that is not ours answers.

Environment:
  WHARF_TESTBED=native|containers   engines as daemons of this machine (Linux, root) or as containers
                                    of the Docker engine that answers; chosen by itself when empty
`

func main() {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(serve(os.Args[2:]))
	}
	envFile := flag.String("env", defaultEnvFile(), "where up writes its export lines")
	only := flag.String("only", "", "postgres: a bed without engines")
	flag.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	flag.Parse()
	os.Exit(verb(flag.Arg(0), *envFile, *only))
}

func verb(name, envFile, only string) int {
	var err error
	switch name {
	case "up":
		err = up(envFile, only)
	case "down":
		err = down(envFile)
	case "run":
		err = run(commandLine(), only)
	case "answers":
		if !engineAnswers() {
			return 1
		}
	default:
		flag.Usage()
		return 2
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exitCode(exit)
	}
	if err != nil {
		say("%v", err)
		return 1
	}
	return 0
}

// commandLine returns the arguments after "run" and an optional "--".
func commandLine() []string {
	args := flag.Args()[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	return args
}

// exitCode returns the exit code as shells do: 128 plus the number of the signal that ended the command.
func exitCode(exit *exec.ExitError) int {
	if code := exit.ExitCode(); code >= 0 {
		return code
	}
	return 128 + signalOf(exit)
}

func defaultEnvFile() string { return filepath.Join("/tmp", "wharf-testbed.env") }

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "testbed: "+format+"\n", args...)
}

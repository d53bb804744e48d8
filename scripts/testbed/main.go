// Command testbed gives the tests real counterparts: a Postgres of their own and three Docker
// engines of their own, and takes everything away again.
//
//	go run ./scripts/testbed run -- go test ./...   bring up, run, clean up, say what ran against what
//	go run ./scripts/testbed up                     leave one running, write /tmp/wharf-testbed.env
//	go run ./scripts/testbed down                   end that one
//
// The process that owns the bed is "testbed serve", started by run and up, as root where daemons need
// it. It ends when run goes away, however run ends, and clears away what a killed earlier one left.
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

// commandLine is what stands behind "run" and an optional "--".
func commandLine() []string {
	args := flag.Args()[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	return args
}

// exitCode is the shell's: 128 and the number for a signal.
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

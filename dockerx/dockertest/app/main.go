// Command app is what the test containers run: a static binary that does one measurable thing, so
// that the tests need no image from a registry. scripts/testbed imports it as "wharf-test".
package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// commands maps the first argument to what the container does. Each runs until it is signalled,
// unless it says otherwise.
var commands = map[string]func(args []string) error{
	"sleep":       sleep,
	"spin":        spin,
	"alloc":       alloc,
	"cache":       cache,
	"listen":      listen,
	"send":        send,
	"log":         logLines,
	"lines":       numberedLines,
	"exit":        exit,
	"ignore-term": ignoreTerm,
	"env":         printEnv,
	"cat":         cat,
	"winsize":     winsize,
	"screen":      screen,
	"sh":          shell,
	"stubborn":    stubborn,
}

func main() {
	name := "sleep"
	var args []string
	if filepath.Base(os.Args[0]) == "sh" { // a link: see dockertest.Engine.AddShell
		name = "sh"
	} else if len(os.Args) > 1 {
		name, args = os.Args[1], os.Args[2:]
	}
	command, ok := commands[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "app: unknown command %q\n", name)
		os.Exit(125)
	}
	// A container's first process gets no signal that it has no handler for, and Go's own ends it with 2: the
	// handler stands before the command says anything.
	if name != "ignore-term" {
		endOnSignal()
	}
	if err := command(args); err != nil {
		fmt.Fprintf(os.Stderr, "app: %s: %v\n", name, err)
		os.Exit(1)
	}
}

func endOnSignal() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		os.Exit(0)
	}()
}

// wait never returns. A timer keeps the runtime from calling it a deadlock.
func wait() error {
	for {
		time.Sleep(time.Hour)
	}
}

// ignoreTerm has to be killed, from its line on.
func ignoreTerm([]string) error {
	signal.Ignore(syscall.SIGTERM)
	fmt.Println("ignoring SIGTERM")
	return wait()
}

// sleep [DURATION] does nothing, for ever without an argument.
func sleep(args []string) error {
	if len(args) == 0 {
		return wait()
	}
	d, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	time.Sleep(d)
	return nil
}

// logLines TEXT [EVERY] prints the text once, or again after each EVERY.
func logLines(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("want a text")
	}
	fmt.Println(args[0])
	if len(args) == 1 {
		return wait()
	}
	every, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	for range time.Tick(every) {
		fmt.Println(args[0])
	}
	return nil
}

// exit CODE [AFTER] ends with the code, at once or after a while.
func exit(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("want a code")
	}
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	if len(args) > 1 {
		if err := sleep(args[1:]); err != nil {
			return err
		}
	}
	os.Exit(code)
	return nil
}

// cat [FILE] copies the file, or its standard input, to its standard output, and ends with it.
func cat(args []string) error {
	in := os.Stdin
	if len(args) > 0 {
		file, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	_, err := io.Copy(os.Stdout, in)
	return err
}

// printEnv prints the environment, one variable a line, and ends.
func printEnv([]string) error {
	fmt.Println(strings.Join(os.Environ(), "\n"))
	return nil
}

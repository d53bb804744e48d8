// Command app is the program of the test containers: a static binary whose commands each do one measurable thing.
// scripts/testbed imports it as the image "wharf-test", so that the tests need no registry.
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

// commands maps the first argument to a command. A command runs until it gets a signal, unless its comment says otherwise.
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
	// The kernel drops signals for a container's main process unless it has a handler, and Go's default handler exits with 2.
	// So the handler is installed before the command prints anything.
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

// wait never returns. It sleeps, since the runtime would report a deadlock otherwise.
func wait() error {
	for {
		time.Sleep(time.Hour)
	}
}

// ignoreTerm ignores SIGTERM after it has printed a line, so that it must be killed.
func ignoreTerm([]string) error {
	signal.Ignore(syscall.SIGTERM)
	fmt.Println("ignoring SIGTERM")
	return wait()
}

// sleep [DURATION] does nothing and ends after the duration; without an argument it never ends.
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

// logLines TEXT [EVERY] prints the text once, or repeatedly at the interval EVERY.
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

// exit CODE [AFTER] exits with the code, at once or after the duration AFTER.
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

// cat [FILE] copies the file, or its standard input, to its standard output, and ends at the input's end.
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

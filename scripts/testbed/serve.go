package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// settings are what run and up pass to serve on its command line, since sudo clears the environment.
type settings struct {
	mode     mode
	app      string // the test app's binary
	only     string // onlyPostgres, or ""
	uid, gid int    // of the user that runs the tests and needs access to sockets and keys
	detached bool   // don't end with standard input
}

// bed holds everything that a serve process owns.
type bed struct {
	settings
	dir      string
	image    []byte // the test image's file system
	engines  []*engine
	summary  []string
	env      map[string]string
	cleanups []func() error // run in reverse order
}

func serve(args []string) int {
	var s settings
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	flags.StringVar((*string)(&s.mode), "mode", "", "")
	flags.StringVar(&s.app, "app", "", "")
	flags.StringVar(&s.only, "only", "", "")
	flags.IntVar(&s.uid, "uid", 0, "")
	flags.IntVar(&s.gid, "gid", 0, "")
	flags.BoolVar(&s.detached, "detached", false, "")
	_ = flags.Parse(args)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	signal.Ignore(syscall.SIGINT, syscall.SIGPIPE)
	if !s.detached {
		ctx = untilEOF(ctx, os.Stdin)
	}
	var b *bed
	err := findDaemons()
	if err == nil {
		b, err = newBed(s)
	}
	if err == nil {
		err = b.bringUp(ctx)
	}
	report(b, err)
	if err == nil {
		<-ctx.Done()
	}
	if b != nil {
		err = errors.Join(err, b.takeDown())
	}
	if err != nil {
		say("%v", err)
		return 1
	}
	return 0
}

// untilEOF returns a context that ends when the parent process has ended.
func untilEOF(ctx context.Context, r io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, r)
		cancel()
	}()
	return ctx
}

func newBed(s settings) (*bed, error) {
	sweep()
	dir, err := newBedDir()
	if err != nil {
		return nil, fmt.Errorf("make the bed's directory: %w", err)
	}
	b := &bed{settings: s, dir: dir, env: map[string]string{}}
	b.later(func() error { return clearBed(dir) })
	return b, nil
}

func (b *bed) later(f func() error) { b.cleanups = append(b.cleanups, f) }

func (b *bed) takeDown() error {
	var errs []error
	for _, f := range slices.Backward(b.cleanups) {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// bringUp starts everything. After an error takeDown ends what was started.
func (b *bed) bringUp(ctx context.Context) error {
	var err error
	if b.image, err = appImage(b.app); err != nil {
		return err
	}
	start := b.startNative
	if b.mode == containers {
		start = b.startContainers
	}
	if err := start(ctx); err != nil {
		return err
	}
	if b.only == onlyPostgres {
		return nil
	}
	var hosts []string
	for _, e := range b.engines {
		if err := e.importImage(ctx, b.image); err != nil {
			return err
		}
		line, err := e.describe(ctx)
		if err != nil {
			return err
		}
		b.summary = append(b.summary, line)
		hosts = append(hosts, e.name+"="+e.addr)
	}
	b.env["WHARF_TEST_ENGINES"] = strings.Join(hosts, ",")
	b.env["WHARF_TEST_CERTS"] = b.certDir()
	return nil
}

func report(b *bed, err error) {
	var r ready
	if err != nil {
		r.Error = err.Error()
	} else {
		r = ready{Dir: b.dir, Env: b.env, Summary: append([]string{"mode      " + b.mode.explain()}, b.summary...)}
	}
	line, _ := json.Marshal(r)
	os.Stdout.Write(append(line, '\n'))
	// up waits until our output ends, and needs only this line.
	os.Stdout.Close()
}

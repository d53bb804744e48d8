// Command benchstats measures the cost of usage: it compares wharf, as a separate process, with Docker's own `docker stats` on the
// same engine and the same containers, in one run. It prints a table of figures, as ratios where possible, and exits with 1 if one
// misses its limit.
//
//	go run ./scripts/testbed run -- go run ./scripts/benchstats [-n 50,100,200] [-engine unix] [-watch 60s]
//
// It needs Linux, root, and an engine on a unix socket in WHARF_TEST_ENGINES with the image
// "wharf-test". Without a docker command, requests to the engine with stream=false, for all containers at once,
// replace `docker stats --no-stream`; the table mentions it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	sizes := flag.String("n", "50,100,200", "numbers of containers, growing")
	engine := flag.String("engine", "unix", "name of the engine in WHARF_TEST_ENGINES")
	watch := flag.Duration("watch", 60*time.Second, "how long steady states are watched")
	bare := flag.String("bare", "", "serve this file and nothing else (the program calls itself so)")
	flag.Parse()
	if *bare != "" {
		fail(serveBare(*bare))
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *engine, *sizes, *watch)
	stop()
	fail(err)
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchstats:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name, sizes string, watch time.Duration) error {
	e, err := openEngine(ctx, name)
	if err != nil {
		return err
	}
	b := &measurement{engine: e, watch: watch}
	if b.binary, b.dir, err = build(ctx); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	defer e.removeAll()
	fmt.Printf("engine %s (Docker %s), %s\n\n", e.name, e.version, e.cli())
	for _, text := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("-n: %w", err)
		}
		if err := e.grow(ctx, n); err != nil {
			return err
		}
		if err := b.measureCold(ctx, n); err != nil {
			return err
		}
	}
	if err := b.measureSteady(ctx); err != nil {
		return err
	}
	if b.missed > 0 {
		return errors.New(strconv.Itoa(b.missed) + " figures miss their mark")
	}
	return nil
}

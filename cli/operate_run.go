package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"wharf/api/dto"
	"wharf/client"
)

// outcome is the result of an operation on one container; its JSON is the output of -o json.
type outcome struct {
	Host      string `json:"host"`
	Container string `json:"container"`
	dto.OperationResult
	Error string `json:"error,omitempty"`

	ref string
	err error
}

// operate runs the operation on the containers, a few at a time, and prints the results in the order of the containers.
func (a *app) operate(ctx context.Context, s *connection, op operation, chosen []target, o *operationOptions) error {
	results := make([]chan outcome, len(chosen))
	places := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	for i, t := range chosen {
		results[i] = make(chan outcome, 1)
		running.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			results[i] <- s.operateOne(ctx, op, t, o)
		})
	}
	stop := a.progress(op.name, len(chosen))
	defer stop(len(chosen))
	all := make([]outcome, len(chosen))
	for i := range chosen {
		all[i] = <-results[i]
		stop(i + 1)
		if a.output == "table" {
			a.reportOutcome(all[i])
		}
	}
	running.Wait()
	if a.output != "table" {
		if err := show(a, all, nil); err != nil {
			return err
		}
	}
	return silently(codeOfAll(all))
}

func (s *connection) operateOne(ctx context.Context, op operation, t target, o *operationOptions) outcome {
	ctx = client.WithHeader(ctx, "Idempotency-Key", rand.Text())
	result, err := op.call(ctx, s, t, o)
	row := outcome{Host: t.host, Container: t.name, OperationResult: result, ref: t.ref, err: err}
	if err != nil {
		row.Error = explain(err)
	}
	return row
}

func (a *app) reportOutcome(r outcome) {
	switch {
	case errors.Is(r.err, context.Canceled):
		a.warn("%s: interrupted: it may be done all the same, wharf inspect shows it", r.ref)
	case r.err != nil:
		a.warn("%s: %s", r.ref, r.Error)
	case r.Reached != nil && !*r.Reached:
		a.warn("%s: is %s, which isn't what was waited for", r.ref, r.After)
	default:
		_ = a.printLine(r.ref)
	}
}

// codeOfAll returns the exit code that all outcomes share, otherwise exitPartly.
func codeOfAll(all []outcome) int {
	codes := map[int]bool{}
	for _, r := range all {
		code := codeOf(r.err)
		if r.err == nil && r.Reached != nil && !*r.Reached {
			code = exitNotReached
		}
		codes[code] = true
	}
	if len(codes) > 1 && codes[exitInterrupted] {
		return exitInterrupted
	}
	if len(codes) > 1 {
		return exitPartly
	}
	for code := range codes {
		return code
	}
	return 0
}

// progress shows on a terminal how many of several operations are done, if that takes longer than a second. The returned
// function takes the number done, and removes the line when all are.
func (a *app) progress(what string, of int) func(done int) {
	if !isTerminal(a.errs) {
		return func(int) {}
	}
	var mu sync.Mutex
	late, done := false, 0
	draw := func() {
		fmt.Fprint(a.errs, "\r\x1b[K")
		if done < of {
			fmt.Fprintf(a.errs, "%s: %d of %d done…\r", what, done, of)
		}
	}
	timer := time.AfterFunc(time.Second, func() {
		mu.Lock()
		defer mu.Unlock()
		late = true
		draw()
	})
	return func(n int) {
		mu.Lock()
		defer mu.Unlock()
		if done = n; done == of {
			timer.Stop()
		}
		if late {
			draw()
			late = done < of
		}
	}
}

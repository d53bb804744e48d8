package turns

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"wharf/util/apperr"
)

const (
	// turnWait is how long a query waits for its turn.
	turnWait = 10 * time.Second
	// longestRest bounds the pause between two turns.
	longestRest = 2 * time.Millisecond
)

// Turnstile bounds how many queries of the past work at once. They read and encode much data, and would take every core, and
// memory for a page each, from all other requests. While queries wait, running ones pause for half of the time: other requests
// would wait until the operating system preempts a core that is always busy.
type Turnstile struct {
	places  places
	turns   chan struct{}
	waiting atomic.Int64
}

// New returns a Turnstile for the number of processors that the process has.
func New() *Turnstile {
	return &Turnstile{turns: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
}

// Serve calls handle in one of the caller's places and in a turn. Errors: TooMany, ctx's, and handle's.
func (t *Turnstile) Serve(w http.ResponseWriter, r *http.Request, caller string, handle func(http.ResponseWriter) error) error {
	leave, err := t.Place(caller)
	if err != nil {
		return err
	}
	defer leave()
	done, err := t.Enter(r.Context())
	if err != nil {
		return err
	}
	defer done()
	return handle(&untilAnswered{ResponseWriter: w, done: done})
}

// Place takes one of the caller's places; leave gives it back. Errors: TooMany if all are taken.
func (t *Turnstile) Place(caller string) (leave func(), err error) { return t.places.enter(caller) }

// Enter waits for a turn. done ends it, and may be called twice. Errors: TooMany, or ctx's.
func (t *Turnstile) Enter(ctx context.Context) (done func(), err error) {
	late := time.NewTimer(turnWait)
	defer late.Stop()
	t.waiting.Add(1)
	defer t.waiting.Add(-1)
	select {
	case t.turns <- struct{}{}:
		began := time.Now()
		return sync.OnceFunc(func() { t.leave(time.Since(began)) }), nil
	case <-late.C:
		err := apperr.New(apperr.TooMany, "too many queries of the past are under way: try again")
		err.RetryAfter = time.Second
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// leave ends a turn of the given length, after a pause if another query waits.
func (t *Turnstile) leave(worked time.Duration) {
	if t.waiting.Load() == 0 {
		<-t.turns
		return
	}
	time.AfterFunc(min(worked, longestRest), func() { <-t.turns })
}

// Rest pauses a long query between its parts, for as long as it worked, if other queries wait.
func (t *Turnstile) Rest(ctx context.Context, worked time.Duration) {
	if t.waiting.Load() == 0 {
		return
	}
	select {
	case <-time.After(worked):
	case <-ctx.Done():
	}
}

// untilAnswered ends a turn when the answer begins: a client that reads slowly must not keep the turn.
type untilAnswered struct {
	http.ResponseWriter
	done func()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *untilAnswered) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter. It ends the turn.
func (w *untilAnswered) WriteHeader(status int) {
	w.done()
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter. It ends the turn.
func (w *untilAnswered) Write(p []byte) (int, error) {
	w.done()
	return w.ResponseWriter.Write(p)
}

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

// Turnstile lets few queries of the past work at once: they read and encode much, and would take every core, and
// memory for a page each, from all other requests. While some wait, those that work take half of the time: a core that is
// busy without end lets everybody else's requests wait for the operating system to take it away.
type Turnstile struct {
	places  places
	turns   chan struct{}
	waiting atomic.Int64
}

// New returns a Turnstile for as many processors as the process has.
func New() *Turnstile {
	return &Turnstile{turns: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
}

// Serve has handle answer a query with one of the caller's places, and in its turn. Errors: TooMany, ctx's, and handle's.
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

// Place takes one of the caller's places; leave gives it back. Errors: TooMany where all are taken.
func (t *Turnstile) Place(caller string) (leave func(), err error) { return t.places.enter(caller) }

// Enter waits for a turn; done, which may be called twice, ends it. Errors: TooMany, or ctx's.
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

// leave gives a turn back that lasted so long, after a rest if another waits for it.
func (t *Turnstile) leave(worked time.Duration) {
	if t.waiting.Load() == 0 {
		<-t.turns
		return
	}
	time.AfterFunc(min(worked, longestRest), func() { <-t.turns })
}

// Rest is called between the parts of a long query, and pauses it for as long as it worked, if others wait.
func (t *Turnstile) Rest(ctx context.Context, worked time.Duration) {
	if t.waiting.Load() == 0 {
		return
	}
	select {
	case <-time.After(worked):
	case <-ctx.Done():
	}
}

// untilAnswered ends a turn when the answer begins: what a client takes its time to read is another's work no more.
type untilAnswered struct {
	http.ResponseWriter
	done func()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *untilAnswered) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *untilAnswered) WriteHeader(status int) {
	w.done()
	w.ResponseWriter.WriteHeader(status)
}

func (w *untilAnswered) Write(p []byte) (int, error) {
	w.done()
	return w.ResponseWriter.Write(p)
}

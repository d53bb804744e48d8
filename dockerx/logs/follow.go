package logs

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"wharf/util/apperr"
)

const (
	firstRetry = 50 * time.Millisecond
	maxRetry   = 5 * time.Second
	// steady is how long an answer must last for the next retry to be immediate again.
	steady = time.Second
	// lookEvery is how often a stopped container is looked at, should its start have been missed.
	lookEvery = 15 * time.Second
)

// State says what became of a followed container.
type State uint8

// The states.
const (
	Following State = iota // its log is read
	Stopped                // it has no process: its log goes on when it is started
	Away                   // its engine can't be reached
)

// sink takes what a follower reads. Its methods are called by one goroutine.
type sink interface {
	// began says after which line the following begins.
	began(p Position)
	lines(b *Batch)
	gap(g Gap)
	state(s State)
	// room returns a channel that is closed when more may be read.
	room() <-chan struct{}
}

// follower reads one container's log on and on.
type follower struct {
	src  Source
	out  sink
	wake <-chan struct{} // says that the container or its engine has started

	at      Position
	lastGap time.Time
	now     State
	failed  int // engine errors in a row without a line between
	caught  int // lines that the last catching up brought
	pace    pace
}

// Why a follower gives up an answer and resumes.
var (
	errPaused = errors.New("left unread")
	errBehind = errors.New("the engine's follower is behind")
)

// run follows until ctx ends or the container is removed. It begins at the log's end. Errors: apperr.NotFound, and
// others that say that the log can't be read at all.
func (f *follower) run(ctx context.Context) error {
	f.pace.file = f.src.FileBytes()
	if err := f.begin(ctx); err != nil {
		return err
	}
	for attempt := 0; ctx.Err() == nil; {
		began := time.Now()
		progress, err := f.once(ctx)
		if time.Since(began) >= steady || progress {
			attempt = 0
		}
		if errors.Is(err, errPaused) {
			select {
			case <-f.out.room():
			case <-ctx.Done():
			}
			continue
		}
		if errors.Is(err, errReplay) || errors.Is(err, errBehind) {
			continue
		}
		if err := f.afterEnd(ctx, err, &attempt); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// begin looks where the log ends, until the engine says so.
func (f *follower) begin(ctx context.Context) error {
	for attempt := 0; ; attempt++ {
		end, err := probe(ctx, f.src, firstTail, true)
		if err == nil {
			f.at = end.last
			f.out.began(f.at)
			return nil
		}
		if fatal(err) || ctx.Err() != nil {
			return err
		}
		f.tell(Away)
		f.wait(ctx, retryDelay(attempt))
	}
}

// fatal reports whether trying again is of no use. A conflict is a removal under way: the next try tells.
func fatal(err error) bool {
	kind := apperr.KindOf(err)
	return kind == apperr.NotFound || kind == apperr.Invalid
}

// afterEnd decides what to do after an answer's end. Its error ends the following.
func (f *follower) afterEnd(ctx context.Context, err error, attempt *int) error {
	if err != nil && fatal(err) {
		return err
	}
	var said *engineError
	if errors.As(err, &said) {
		f.unreadable(ctx)
	}
	running, lookErr := f.src.Running(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case lookErr != nil && fatal(lookErr):
		return lookErr
	case lookErr == nil && !running && err == nil:
		f.tell(Stopped)
		f.wait(ctx, lookEvery)
		*attempt = 0
		return nil
	case lookErr != nil:
		f.tell(Away)
	}
	if *attempt > 0 {
		f.wait(ctx, retryDelay(*attempt))
	}
	*attempt++
	return nil
}

// unreadable goes on at the log's end where the engine can't read on from the position.
func (f *follower) unreadable(ctx context.Context) {
	if f.failed++; f.failed < 3 {
		return
	}
	end, err := probe(ctx, f.src, 1, true)
	if err != nil || end.lines == 0 || end.last == f.at {
		return
	}
	f.out.gap(Gap{From: f.at.Time(), To: end.last.Time(), Reason: ReasonEngine})
	f.at, f.failed = end.last, 0
}

func (f *follower) tell(s State) {
	if f.now != s {
		f.now = s
		f.out.state(s)
	}
}

// wait waits for a while, or until there is news of the container.
func (f *follower) wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-f.wake:
	case <-ctx.Done():
	}
}

// retryDelay is how long to wait before a try: 50, 100 … 5,000 ms, ±20 %.
func retryDelay(attempt int) time.Duration {
	d := maxRetry
	if attempt < 7 {
		d = min(firstRetry<<attempt, maxRetry)
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

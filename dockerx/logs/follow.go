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
	// checkEvery is how often a stopped container is checked, in case its start event was missed.
	checkEvery = 15 * time.Second
)

// State is the state of a followed log.
type State uint8

// The states.
const (
	Following State = iota // the log is being read
	Stopped                // the container isn't running; reading continues when it is started
	Away                   // the engine can't be reached
)

// sink receives what a follower reads. Its methods are called by one goroutine.
type sink interface {
	// began is called with the position of the line before the first one to come.
	began(p Position)
	lines(b *Batch)
	gap(g Gap)
	state(s State)
	// room returns a channel that is closed when more may be read.
	room() <-chan struct{}
}

// follower follows one container's log.
type follower struct {
	src  Source
	out  sink
	wake <-chan struct{} // receives when the container or its engine has started

	at      Position
	lastGap time.Time
	now     State
	failed  int // engine errors in a row, without a line in between
	caught  int // lines of the last answer that caught up without following
	pace    pace
}

// The reasons for which a follower abandons an answer and resumes.
var (
	errPaused = errors.New("left unread")
	errBehind = errors.New("the engine's follower is behind")
)

// run follows the log from its end until ctx ends or the container is removed. Errors: ctx's, apperr.NotFound, and
// apperr.Invalid for a log that can't be read at all.
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

// begin finds the log's end. It retries until the engine answers.
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
		f.setState(Away)
		f.wait(ctx, retryDelay(attempt))
	}
}

// fatal reports whether retrying is useless. A conflict isn't fatal: it is a removal in progress, and the next try will
// return NotFound.
func fatal(err error) bool {
	kind := apperr.KindOf(err)
	return kind == apperr.NotFound || kind == apperr.Invalid
}

// afterEnd handles the end of an answer: it waits until the log may be read again. If it returns an error, the follower ends.
func (f *follower) afterEnd(ctx context.Context, err error, attempt *int) error {
	if err != nil && fatal(err) {
		return err
	}
	var unreadable *engineError
	if errors.As(err, &unreadable) {
		f.unreadable(ctx)
	}
	running, checkErr := f.src.Running(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case checkErr != nil && fatal(checkErr):
		return checkErr
	case checkErr == nil && !running && err == nil:
		f.setState(Stopped)
		f.wait(ctx, checkEvery)
		*attempt = 0
		return nil
	case checkErr != nil:
		f.setState(Away)
	}
	if *attempt > 0 {
		f.wait(ctx, retryDelay(*attempt))
	}
	*attempt++
	return nil
}

// unreadable handles an error of the engine. After three in a row it reports a gap and moves the position to the log's end.
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

// setState reports the state to the sink if it changed.
func (f *follower) setState(s State) {
	if f.now != s {
		f.now = s
		f.out.state(s)
	}
}

// wait waits for d, or until wake receives.
func (f *follower) wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-f.wake:
	case <-ctx.Done():
	}
}

// retryDelay returns the wait before a retry: 50, 100 … 5,000 ms, ±20 %.
func retryDelay(attempt int) time.Duration {
	d := maxRetry
	if attempt < 7 {
		d = min(firstRetry<<attempt, maxRetry)
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

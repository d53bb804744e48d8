package logs

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"wharf/util/apperr"
)

const (
	firstRetry = 50 * time.Millisecond
	maxRetry   = 5 * time.Second
	// steady is how long an answer must last for the next retry to be immediate again.
	steady = time.Second
	// pauseAfter is how long a follower leaves its answer unread before it gives it up. An engine skips rotated files
	// for a follower that is behind, without a word; a reading that resumes at a position misses nothing.
	pauseAfter = time.Second
	// minPoll and maxPoll are the times between two readings of a log that isn't followed.
	minPoll = 20 * time.Millisecond
	maxPoll = 250 * time.Millisecond
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

// once reads what came since the position, and then follows, until the answer ends. progress says that it brought a
// line. The error is nil where the engine ended the answer in order.
func (f *follower) once(ctx context.Context) (progress bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for quick := true; quick; {
		n, err := f.answer(ctx, false)
		progress = progress || n > 0
		if err != nil {
			return progress, err
		}
		quick = f.pace.fillsFiles(n)
	}
	if f.pace.small() {
		return progress, f.poll(ctx)
	}
	n, err := f.answer(ctx, true)
	return progress || n > 0, err
}

// poll reads again and again what came meanwhile, as long as the container runs.
func (f *follower) poll(ctx context.Context) error {
	f.tell(Following)
	looked := time.Now()
	for delay := minPoll; ; {
		f.wait(ctx, delay)
		n, err := f.answer(ctx, false)
		switch {
		case err != nil:
			return err
		case n > 0:
			delay = minPoll
		default:
			delay = min(delay*3/2, maxPoll)
		}
		if n > 0 || time.Since(looked) < time.Second {
			continue
		}
		looked = time.Now()
		if running, err := f.src.Running(ctx); err != nil || !running {
			return err
		}
	}
}

// answer hands on all that one answer of the engine brings, and returns how many bytes that were. The error is nil
// where the engine ended it in order.
func (f *follower) answer(ctx context.Context, follow bool) (size int64, err error) {
	s, err := resume(ctx, f.src, f.at, follow, 2*f.caught)
	if err != nil {
		return 0, err
	}
	defer func() { s.close() }()
	if follow {
		f.tell(Following)
	} else {
		f.caught = 0
	}
	size, err = f.pump(ctx, s)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return size, err
}

// pump hands on what an answer brings, and returns how many bytes that were.
func (f *follower) pump(ctx context.Context, s *resumed) (size int64, err error) {
	b := &Batch{}
	for {
		if err := f.awaitRoom(ctx); err != nil {
			return size, err
		}
		b.Reset()
		gap, err := s.read(b)
		if gap != nil && !gap.From.Equal(f.lastGap) {
			f.lastGap = gap.From
			f.out.gap(*gap)
		}
		if len(b.Lines) > 0 {
			f.at, f.failed = b.Last(), 0
			f.out.lines(b.Clone())
			size += f.pace.add(b)
			if !s.follow {
				f.caught += len(b.Lines)
			} else if err == nil && f.pace.behind(f.at.At) {
				err = errBehind
			}
		}
		if err != nil {
			return size, err
		}
	}
}

// awaitRoom waits until more may be read. Where that takes long the answer is given up: errPaused, after the wait.
func (f *follower) awaitRoom(ctx context.Context) error {
	room := f.out.room()
	select {
	case <-room:
		return nil
	default:
	}
	late := time.NewTimer(pauseAfter)
	defer late.Stop()
	select {
	case <-room:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-late.C:
		return errPaused
	}
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

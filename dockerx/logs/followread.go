package logs

import (
	"context"
	"errors"
	"io"
	"time"
)

const (
	// pauseAfter is how long a follower leaves its answer unread before it gives it up. An engine skips rotated files
	// for a follower that is behind, without a word; a reading that resumes at a position misses nothing.
	pauseAfter = time.Second
	// minPoll and maxPoll are the times between two readings of a log that isn't followed.
	minPoll = 20 * time.Millisecond
	maxPoll = 250 * time.Millisecond
)

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

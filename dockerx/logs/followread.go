package logs

import (
	"context"
	"errors"
	"io"
	"time"
)

const (
	// pauseAfter is how long a follower may leave its answer unread before it abandons it. For a follower that is behind, an
	// engine silently skips rotated files; resuming at a position misses nothing.
	pauseAfter = time.Second
	// minPoll and maxPoll bound the time between two reads of a log that is polled.
	minPoll = 20 * time.Millisecond
	maxPoll = 250 * time.Millisecond
)

// once reads the lines since the position, and then follows (or polls, see pace.small) until the answer ends. progress reports
// whether there were lines. The error is nil if the engine ended the answer normally.
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

// poll reads the new lines at intervals, as long as the container runs.
func (f *follower) poll(ctx context.Context) error {
	f.setState(Following)
	checked := time.Now()
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
		if n > 0 || time.Since(checked) < time.Second {
			continue
		}
		checked = time.Now()
		if running, err := f.src.Running(ctx); err != nil || !running {
			return err
		}
	}
}

// answer requests the lines since the position and passes them on until the answer ends. It returns their bytes in the log's
// files. The error is nil if the engine ended the answer normally.
func (f *follower) answer(ctx context.Context, follow bool) (size int64, err error) {
	s, err := resume(ctx, f.src, f.at, follow, 2*f.caught)
	if err != nil {
		return 0, err
	}
	defer func() { s.close() }()
	if follow {
		f.setState(Following)
	} else {
		f.caught = 0
	}
	size, err = f.pump(ctx, s)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return size, err
}

// pump passes the lines of an answer on to the sink, and returns their bytes in the log's files.
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

// awaitRoom waits until the sink has room. After pauseAfter it returns errPaused: the answer is to be abandoned.
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

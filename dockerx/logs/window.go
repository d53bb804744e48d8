package logs

import (
	"context"
	"errors"
	"io"
	"time"
)

// TailTo returns the approximate length, in frames, of a tail of the log that begins before the time at (Unix nanoseconds).
func TailTo(ctx context.Context, src Source, at int64) (int, error) {
	found, err := locate(ctx, src, at)
	if err != nil || found.tail > 0 {
		return found.tail, err
	}
	return firstTail, nil
}

// Whole is the tail that is the whole log.
const Whole = all

// ReadWindow calls give with the lines of a window of the log. It begins tail frames before the log's end, and ends before the
// line at end; if there is no line at end, it includes the lines up to end's time. expected is about how many frames the window
// has. size is the number of bytes read for the batch, which is reused after give returns. whole reports whether the window
// begins at the log's beginning.
func ReadWindow(ctx context.Context, src Source, tail, expected int, end Position, give func(b *Batch, size int64) error) (whole bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	q := Query{Tail: tail}
	if end.At < time.Now().UnixNano() {
		q.Until = withSlack(end.Time())
	}
	a, err := open(ctx, src, q)
	if err != nil {
		return false, err
	}
	defer a.close()
	a.repeats = newRepeats(false)
	b, first, read := reusedBatch(), Position{}, int64(0)
	defer b.release()
	for {
		b.Reset()
		err := a.next(b)
		if first.IsZero() && len(b.Lines) > 0 {
			first = b.Lines[0].Position
		}
		ended := upTo(b, end)
		if len(b.Lines) > 0 {
			if err := give(b, a.bytes-read); err != nil {
				return false, err
			}
			read = a.bytes
		}
		switch {
		case tail == Whole && (ended || errors.Is(err, io.EOF)):
			return true, nil
		case errors.Is(err, io.EOF) && !ended && a.frames < tail && (q.Until.IsZero() || first.IsZero()):
			return true, nil // the log is shorter than the requested tail
		case ended, errors.Is(err, io.EOF):
			if a.frames >= expected && first != end {
				return false, nil
			}
			return beginsWith(ctx, src, first)
		case err != nil:
			return false, readError(err)
		}
	}
}

// beginsWith reports whether first is the log's first line. An engine finds the beginning of a log immediately; to find the
// beginning of a tail it must read the whole tail.
func beginsWith(ctx context.Context, src Source, first Position) (bool, error) {
	if first.IsZero() {
		return false, nil
	}
	begin, err := probe(ctx, src, all, false)
	return err == nil && begin.first == first, err
}

// upTo removes the lines from end on from b. It reports whether end was reached.
func upTo(b *Batch, end Position) (ended bool) {
	for i := range b.Lines {
		if l := &b.Lines[i]; l.Position == end || l.At > end.At+disorder {
			b.Lines = b.Lines[:i]
			return true
		}
	}
	if end.Sum != 0 {
		return false
	}
	kept := b.Lines[:0]
	for _, l := range b.Lines {
		if l.At <= end.At {
			kept = append(kept, l)
		}
	}
	b.Lines = kept
	return false
}

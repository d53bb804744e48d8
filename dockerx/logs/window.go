package logs

import (
	"context"
	"errors"
	"io"
	"time"
)

// TailTo returns about how many frames from the log's end one must begin to come before a time.
func TailTo(ctx context.Context, src Source, at int64) (int, error) {
	found, err := locate(ctx, src, at)
	if err != nil || found.tail > 0 {
		return found.tail, err
	}
	return firstTail, nil
}

// Whole is the tail of a window that begins with the log.
const Whole = all

// ReadWindow gives the lines from a number of frames before the log's end up to the one at end, exclusive; for a
// position without a line those up to its time. expected is about how many frames that are. size is how many bytes were read
// for a batch, which is reused. whole says that the window begins with the log.
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
			return true, nil // shorter than the tail that was asked for
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

// beginsWith reports whether the log has no line before this one. An engine finds its beginning at once, and the beginning of
// a tail by reading all of that.
func beginsWith(ctx context.Context, src Source, first Position) (bool, error) {
	if first.IsZero() {
		return false, nil
	}
	begin, err := probe(ctx, src, all, false)
	return err == nil && begin.first == first, err
}

// upTo takes the lines from end on out of b, and reports whether it was there.
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

package logs

import (
	"context"
	"errors"
	"io"
	"time"

	"wharf/dockerx/logs"
)

// Reading reads a container's log: its past, and then the lines that follow, with no line lost or repeated between them. Past
// must be called once, before Next.
type Reading struct {
	c      *Container
	ranges logs.Range
	long   bool
	sub    *logs.Subscription // nil: only the past

	start logs.Position // where the subscription began
	last  logs.Position // the last line of the past, or the position before its first line
	some  bool          // last is set
	// repeats is true while the subscription repeats lines of the past, up to last.
	repeats bool
}

// Open begins to read a container's log. notify is called when Next has new items, possibly before Open returns.
func Open(c *Container, q *StreamQuery, notify func()) *Reading {
	r := &Reading{c: c, ranges: q.Range.of(c), long: q.Long}
	if q.Follow {
		r.sub = c.Follow(notify)
	}
	return r
}

// Close ends the reading.
func (r *Reading) Close() {
	if r.sub != nil {
		r.sub.Close()
	}
}

// Past calls give with the existing lines of the log. The batch is reused: it is valid until give returns.
func (r *Reading) Past(ctx context.Context, give func(*logs.Batch, *logs.Gap) error) error {
	if err := r.read(ctx, r.ranges, give); err != nil || r.sub == nil {
		return err
	}
	start, err := r.sub.Start(ctx)
	if err != nil {
		return endOf(err)
	}
	r.start = start
	return r.join(ctx, start, give)
}

// reached returns the position after which Next continues.
func (r *Reading) reached() logs.Position {
	if r.some {
		return r.last
	}
	return r.start
}

func (r *Reading) read(ctx context.Context, part logs.Range, give func(*logs.Batch, *logs.Gap) error) error {
	if part.After == nil && !part.All && part.Tail == 0 && part.Since.IsZero() {
		return nil
	}
	if r.long {
		leave, err := r.c.LongRead(ctx)
		if err != nil {
			return err
		}
		defer leave()
	}
	if part.After != nil && !part.After.IsZero() {
		r.last, r.some = *part.After, true
	}
	return logs.Read(ctx, r.c.Source, part, func(b *logs.Batch, gap *logs.Gap) error {
		if len(b.Lines) > 0 {
			r.last, r.some = b.Last(), true
		}
		return give(b, gap)
	})
}

// join continues to read the past until it reaches the start of the subscription.
func (r *Reading) join(ctx context.Context, start logs.Position, give func(*logs.Batch, *logs.Gap) error) error {
	part := r.ranges
	for tries := 0; tries < joinTries && start.At > r.last.At; tries++ {
		switch {
		case r.some:
			after := r.last
			part = logs.Range{After: &after}
		case part.After == nil && !part.Since.IsZero() && start.At < part.Since.UnixNano():
			return nil // there is nothing since Since
		case part.After == nil && part.Tail == 0 && !part.All && part.Since.IsZero():
			return nil // nothing of the past was requested
		}
		if err := r.read(ctx, part, give); err != nil {
			return err
		}
	}
	r.repeats = r.some && start != r.last
	return nil
}

// joinTries is how often join continues to read the past.
const joinTries = 5

// Next appends the new items since the last call to dst, and returns immediately. Batches are shared and must not be changed.
// Errors: logs.ErrTooSlow; io.EOF after the last line; other errors that ended the subscription.
func (r *Reading) Next(dst []logs.Item) ([]logs.Item, error) {
	had := len(dst)
	dst, err := r.sub.Next(dst)
	if !r.repeats {
		return dst, err
	}
	kept := dst[:had]
	for _, item := range dst[had:] {
		switch {
		case item.Gap != nil: // the last line of the past may be in the gap
			r.repeats = false
		case item.Batch != nil && r.repeats:
			if item.Batch = r.fresh(item.Batch); item.Batch == nil {
				continue
			}
		}
		kept = append(kept, item)
	}
	return kept, err
}

// fresh returns the lines of b that come after the past, or nil.
func (r *Reading) fresh(b *logs.Batch) *logs.Batch {
	for i := range b.Lines {
		l := &b.Lines[i]
		from := i
		switch {
		case l.Position == r.last:
			from = i + 1
		case l.At > r.last.At+int64(time.Second): // the last line of the past can't follow any more
		default:
			continue
		}
		r.repeats = false
		fresh := &logs.Batch{}
		for ; from < len(b.Lines); from++ {
			fresh.AddFrom(b, from)
		}
		if len(fresh.Lines) == 0 {
			return nil
		}
		return fresh
	}
	return nil
}

// endOf returns the reason why a container's lines end, nil for a normal end.
func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

package logs

import (
	"context"
	"errors"
	"io"
	"time"

	"wharf/dockerx/logs"
)

// Reading is one reader's way through a container's log: its past, and then what follows, without a line between
// them lost or twice. Past is called once, before Next.
type Reading struct {
	c      *Container
	ranges logs.Range
	long   bool
	sub    *logs.Subscription // nil: the past alone

	start logs.Position // where the following began
	last  logs.Position // of the past, or the place that it begins after
	some  bool          // last is one of these
	// repeats is true while what follows is what the past had already: up to last.
	repeats bool
}

// Open begins to read a container's log. notify is called when Next has something, and may be called at once.
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

// Past gives what the log has. The batch is reused: it is good until give returns.
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

// reached is the place after which Next goes on.
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

// join reads on until the past reaches to where the following began.
func (r *Reading) join(ctx context.Context, start logs.Position, give func(*logs.Batch, *logs.Gap) error) error {
	part := r.ranges
	for tries := 0; tries < joinTries && start.At > r.last.At; tries++ {
		switch {
		case r.some:
			after := r.last
			part = logs.Range{After: &after}
		case part.After == nil && !part.Since.IsZero() && start.At < part.Since.UnixNano():
			return nil // nothing since then
		case part.After == nil && part.Tail == 0 && !part.All && part.Since.IsZero():
			return nil // nothing of the past was asked for
		}
		if err := r.read(ctx, part, give); err != nil {
			return err
		}
	}
	r.repeats = r.some && start != r.last
	return nil
}

// joinTries is how often the past is read on.
const joinTries = 5

// Next appends what came since the last call to dst, and returns at once. Batches are shared. Errors: logs.ErrTooSlow;
// io.EOF where no more will come; others with which the following ended.
func (r *Reading) Next(dst []logs.Item) ([]logs.Item, error) {
	had := len(dst)
	dst, err := r.sub.Next(dst)
	if !r.repeats {
		return dst, err
	}
	kept := dst[:had]
	for _, item := range dst[had:] {
		switch {
		case item.Gap != nil: // what it stands for may have been the end of the past
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

// fresh returns the lines after the past; nil for none.
func (r *Reading) fresh(b *logs.Batch) *logs.Batch {
	for i := range b.Lines {
		l := &b.Lines[i]
		from := i
		switch {
		case l.Position == r.last:
			from = i + 1
		case l.At > r.last.At+int64(time.Second): // the last line can't come any more
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

// endOf is why a container's part ends.
func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

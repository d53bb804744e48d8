package logs

import (
	"context"
	"errors"
	"io"
	"time"

	"wharf/dockerx/logs"
)

// joined is how many positions of the past are compared with what follows.
const joined = 4096

// Reading is one reader's way through a container's log: its past, and then what follows, without a line between
// them lost or twice. Past is called once, before Next.
type Reading struct {
	c      *Container
	ranges logs.Range
	follow bool
	long   bool
	sub    *logs.Subscription // nil: the past alone

	start  logs.Position // where the following began
	last   logs.Position // of the past
	some   bool          // the past had a line
	recent map[logs.Position]struct{}
	ring   []logs.Position
	at     int
}

// Open begins to read a container's log. notify is called when Next has something, and may be called at once.
func Open(c *Container, q *StreamQuery, notify func()) *Reading {
	r := &Reading{c: c, ranges: q.Range.of(c), follow: q.Follow, long: q.Long}
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
	return logs.Read(ctx, r.c.Source, part, func(b *logs.Batch, gap *logs.Gap) error {
		if len(b.Lines) > 0 {
			r.keep(b)
			r.last, r.some = b.Last(), true
		}
		return give(b, gap)
	})
}

// join reads on until the past reaches to where the following began.
func (r *Reading) join(ctx context.Context, start logs.Position, give func(*logs.Batch, *logs.Gap) error) error {
	part := r.ranges
	for range 5 {
		if _, ok := r.recent[start]; ok || start.IsZero() || start == r.last {
			return nil
		}
		switch {
		case r.some:
			after := r.last
			part = logs.Range{After: &after}
		case part.After != nil && *part.After == start:
			return nil
		case part.After == nil && !part.Since.IsZero() && start.At < part.Since.UnixNano():
			return nil // nothing since then
		case part.After == nil && part.Tail == 0 && !part.All && part.Since.IsZero():
			return nil // nothing of the past was asked for
		}
		if err := r.read(ctx, part, give); err != nil {
			return err
		}
	}
	return nil
}

// keep keeps the latest positions of the past.
func (r *Reading) keep(b *logs.Batch) {
	if !r.follow {
		return
	}
	if r.recent == nil {
		r.recent = make(map[logs.Position]struct{}, 512)
	}
	for i := max(0, len(b.Lines)-joined); i < len(b.Lines); i++ {
		pos := b.Lines[i].Position
		if len(r.ring) < joined {
			r.ring = append(r.ring, pos)
		} else {
			delete(r.recent, r.ring[r.at])
			r.ring[r.at] = pos
			r.at = (r.at + 1) % joined
		}
		r.recent[pos] = struct{}{}
	}
}

// Next appends what came since the last call to dst, and returns at once. Batches are shared. Errors: logs.ErrTooSlow;
// io.EOF where no more will come; others with which the following ended.
func (r *Reading) Next(dst []logs.Item) ([]logs.Item, error) {
	had := len(dst)
	dst, err := r.sub.Next(dst)
	if r.recent == nil {
		return dst, err
	}
	kept := dst[:had]
	for _, item := range dst[had:] {
		if item.Batch != nil && r.recent != nil {
			if item.Batch = r.unknown(item.Batch); item.Batch == nil {
				continue
			}
		}
		kept = append(kept, item)
	}
	return kept, err
}

// unknown returns the lines that the past didn't have. Once they are later than the past they aren't looked at.
func (r *Reading) unknown(b *logs.Batch) *logs.Batch {
	if b.Lines[0].At > r.last.At+int64(time.Second) {
		r.recent, r.ring = nil, nil
		return b
	}
	fresh := &logs.Batch{}
	for i := range b.Lines {
		if _, known := r.recent[b.Lines[i].Position]; !known {
			fresh.AddFrom(b, i)
		}
	}
	switch len(fresh.Lines) {
	case 0:
		return nil
	case len(b.Lines):
		return b
	}
	return fresh
}

// endOf is why a container's part ends.
func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

package logs

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"
)

// Range is a part of a log. The zero Range is nothing: one of Tail, After, Since and All must be set.
type Range struct {
	All   bool
	Tail  int       // the last so many lines; with Before those before it
	After *Position // the lines after this one
	Since time.Time // from the first line that isn't before
	Until time.Time // up to the last line that isn't after; zero: the end
}

// Read gives the lines of a range in the log's order, up to the end that the log has now. The batch is reused: it is
// good until yield returns. A gap stands where lines after Range.After may be missing. Errors: those of the source and
// of yield, apperr.Daemon.
func Read(ctx context.Context, src Source, r Range, yield func(*Batch, *Gap) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b := reusedBatch()
	defer b.release()
	switch {
	case r.After != nil:
		return readAfter(ctx, src, *r.After, r.Until, b, yield)
	case !r.Since.IsZero():
		return readSince(ctx, src, r, b, yield)
	case r.All:
		return readTail(ctx, src, all, r.Until, b, yield)
	case r.Tail > 0:
		return readTail(ctx, src, r.Tail, r.Until, b, yield)
	}
	return nil
}

// readAfter goes on where an answer repeats lines.
func readAfter(ctx context.Context, src Source, p Position, until time.Time, b *Batch, yield func(*Batch, *Gap) error) error {
	for {
		s, err := resume(ctx, src, p, false, resumeTail)
		if err != nil {
			return err
		}
		err = s.each(b, until, func(b *Batch, g *Gap) error {
			if len(b.Lines) > 0 {
				p = b.Last()
			}
			return yield(b, g)
		})
		s.close()
		if !errors.Is(err, errReplay) {
			return err
		}
	}
}

func readTail(ctx context.Context, src Source, tail int, until time.Time, b *Batch, yield func(*Batch, *Gap) error) error {
	a, err := open(ctx, src, Query{Tail: tail, Until: until})
	if err != nil {
		return err
	}
	s := &resumed{answer: a}
	s.repeats = newRepeats(false)
	defer s.close()
	return s.each(b, until, yield)
}

func readSince(ctx context.Context, src Source, r Range, b *Batch, yield func(*Batch, *Gap) error) error {
	since := r.Since.UnixNano()
	at, err := locate(ctx, src, since)
	if err != nil {
		return err
	}
	a, err := open(ctx, src, Query{Tail: at.tail, Until: withSlack(r.Until)})
	if err != nil {
		return err
	}
	s := &resumed{answer: a, since: since}
	s.repeats = newRepeats(false)
	defer s.close()
	return s.each(b, r.Until, yield)
}

// withSlack is the time up to which an engine is asked: it stops at the first line that is later, although lines
// that aren't may follow.
func withSlack(until time.Time) time.Time {
	if until.IsZero() {
		return until
	}
	return until.Add(disorder)
}

// ReadBefore returns the last n lines before a position; for a position without a line those not after its time.
func ReadBefore(ctx context.Context, src Source, p Position, n int) (*Batch, error) {
	at, err := locate(ctx, src, p.At)
	if err != nil {
		return nil, err
	}
	q := Query{Tail: at.tail, Until: withSlack(p.Time())}
	if q.Tail > 0 {
		q.Tail += n + margin
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a, err := open(ctx, src, q)
	if err != nil {
		return nil, err
	}
	defer a.close()
	a.repeats = newRepeats(false)
	kept, b := NewLatest(n), reusedBatch()
	defer b.release()
	for {
		b.Reset()
		err := a.next(b)
		for i := range b.Lines {
			switch l := &b.Lines[i]; {
			case l.Position == p, l.At > p.At+disorder:
				return kept.Batch(), nil
			case l.At <= p.At:
				kept.Add(b, i)
			}
		}
		if errors.Is(err, io.EOF) {
			return kept.Batch(), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// ReadTail returns the last n lines, long ones whole.
func ReadTail(ctx context.Context, src Source, n int, until time.Time) (*Batch, error) {
	kept := NewLatest(n)
	tail := n + margin
	var err error
	if until.IsZero() {
		err = Read(ctx, src, Range{Tail: tail}, func(b *Batch, _ *Gap) error {
			for i := range b.Lines {
				kept.Add(b, i)
			}
			return nil
		})
		return kept.Batch(), err
	}
	return ReadBefore(ctx, src, Position{At: until.UnixNano()}, n)
}

// Latest keeps the latest lines that were added, so many at most.
type Latest struct {
	most   int
	chunks []*Batch // each with at most as many lines
}

// NewLatest returns an empty Latest for n lines.
func NewLatest(n int) *Latest { return &Latest{most: max(n, 1)} }

// Add copies line i of a batch.
func (l *Latest) Add(b *Batch, i int) {
	if n := len(l.chunks); n == 0 || len(l.chunks[n-1].Lines) >= l.most {
		l.chunks = append(l.chunks[max(0, n-1):], &Batch{})
	}
	l.chunks[len(l.chunks)-1].AddFrom(b, i)
}

// Batch returns the lines kept.
func (l *Latest) Batch() *Batch {
	out := &Batch{}
	for _, c := range l.chunks {
		for i := range c.Lines {
			out.AddFrom(c, i)
		}
	}
	out.Lines = slices.Clone(out.Lines[max(0, len(out.Lines)-l.most):])
	return out
}

package logs

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"
)

// Range is a part of a log. One of All, Tail, After and Since must be set; the zero Range is empty.
type Range struct {
	All   bool
	Tail  int       // this many frames from the end; a line of more than 16 KiB has several
	After *Position // the lines after the one at this position
	Since time.Time // the lines from this time on
	Until time.Time // the lines up to this time; zero: up to the end
}

// Read calls yield with the lines of a range in the log's order, up to the present end of the log. The batch is reused after
// yield returns. A gap reports where lines after Range.After may be missing. Errors: those of the source and of yield, and
// apperr.Daemon.
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

// readAfter reads the lines after p. When an answer repeats lines, it resumes at the last line read.
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

// withSlack returns the time limit for the engine's answer. It is later than until, since an engine stops at the first later
// line, although earlier lines may follow that.
func withSlack(until time.Time) time.Time {
	if until.IsZero() {
		return until
	}
	return until.Add(disorder)
}

// ReadBefore returns the last n lines before a position. If there is no line at the position, it returns the last n lines up
// to the position's time.
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

// ReadTail returns the last n lines up to a time (zero: the end). Long lines are complete.
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

// Latest keeps the last n lines that were added.
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

// Batch returns the kept lines.
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

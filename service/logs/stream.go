package logs

import (
	"context"
	"errors"
	"sync"
	"time"

	"wharf/dockerx/logs"
	"wharf/util/apperr"
)

// StreamQuery describes a stream.
type StreamQuery struct {
	Filter Filter
	Range  Range
	Follow bool
	Long   bool // it may read whole logs, so the past waits for a place for long reads
	// Events calls give with events to merge into the lines by time, until ctx ends. Nil: none.
	Events func(ctx context.Context, give func(at time.Time, event any) error) error
	// Successor waits until a new container has the name of a removed one, and returns it. Nil: the stream doesn't wait.
	Successor func(ctx context.Context, gone *Container) (*Container, error)
}

// Range selects a part of each log.
type Range struct {
	Cursor       *Cursor // selects the lines after it, unless nil
	All          bool
	Tail         int
	Since, Until time.Time

	place *logs.Position // selects the lines after it, unless nil
}

// of returns the range in one container's log.
func (r *Range) of(c *Container) logs.Range {
	if r.place != nil {
		at := *r.place
		return logs.Range{After: &at, Until: r.Until}
	}
	if r.Cursor != nil {
		at := r.Cursor.Of(c)
		return logs.Range{After: &at, Until: r.Until}
	}
	return logs.Range{All: r.All, Tail: r.Tail, Since: r.Since, Until: r.Until}
}

// Stream calls emit with the lines of containers, merged by time, and with Follow also with new lines. It ends when all
// containers have ended, emit fails, or ctx ends. The batches are shared and must not be changed.
func Stream(ctx context.Context, all []*Container, q StreamQuery, emit func(Item) error) error {
	if len(all) == 1 && !q.Follow {
		return readOne(ctx, all[0], &q, emit)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sources := len(all)
	if q.Events != nil {
		sources++
	}
	m := newMerger(sources)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	left := make(chan struct{}, len(all))
	for i, c := range all {
		reading.Go(func() {
			p := &pump{merger: m, i: i, c: c, query: &q}
			p.run(ctx)
			left <- struct{}{}
		})
	}
	if q.Events != nil {
		reading.Go(func() { m.weave(ctx, sources-1, len(all), left, q.Events) })
	}
	return m.run(ctx, emit)
}

// readOne calls emit with one container's past, which needs no merging. The batches are valid until emit returns.
func readOne(ctx context.Context, c *Container, q *StreamQuery, emit func(Item) error) error {
	var failed error
	var only []int
	err := Open(c, q, nil).Past(ctx, func(b *logs.Batch, gap *logs.Gap) error {
		if gap != nil {
			if failed = emit(Item{Gap: &Gap{c, *gap}}); failed != nil {
				return failed
			}
		}
		lines := &Lines{Container: c, Batch: b}
		var all bool
		if only, all = q.Filter.Pick(b, only[:0]); !all {
			lines.Only = only
		}
		if len(b.Lines) > 0 && (all || len(only) > 0) {
			failed = emit(Item{Lines: lines})
		}
		return failed
	})
	if failed != nil || ctx.Err() != nil {
		return errors.Join(failed, ctx.Err())
	}
	return emit(Item{Ended: &Ended{c, err}})
}

// weave puts events into the queue of source i until all containers have ended.
func (m *merger) weave(ctx context.Context, i, containers int, left <-chan struct{}, events func(context.Context, func(time.Time, any) error) error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m.change(i, func(q *queue) { q.past, q.ended = false, true }) // so that lines never wait for an event
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = events(ctx, func(at time.Time, event any) error {
			return m.put(ctx, i, piece{item: Item{Event: event}, at: at.UnixNano()})
		})
	}()
	for range containers {
		select {
		case <-left:
		case <-ctx.Done():
		}
	}
	cancel()
	<-done
}

// pump reads one container's log into a merger.
type pump struct {
	*merger
	i     int
	c     *Container
	query *StreamQuery
	upTo  logs.Position // the last line put into the merger
}

func (p *pump) run(ctx context.Context) {
	defer p.change(p.i, func(q *queue) { q.ended = true })
	query := *p.query
	for {
		err := p.container(ctx, &query)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, logs.ErrTooSlow): // read the missed lines as a past, from the last line on
			query.Range = Range{place: &p.upTo}
			continue
		}
		_ = p.put(ctx, p.i, piece{item: Item{Ended: &Ended{p.c, err}}, at: time.Now().UnixNano()})
		if !removed(err) || query.Successor == nil || !query.Follow {
			return
		}
		if p.c, err = query.Successor(ctx, p.c); err != nil {
			return
		}
		query.Range = Range{All: true}
	}
}

// removed reports whether an error means that the container is gone or being removed; engines answer the latter with a
// conflict.
func removed(err error) bool {
	kind := apperr.KindOf(err)
	return kind == apperr.NotFound || kind == apperr.Conflict
}

// container reads one container's log to its end.
func (p *pump) container(ctx context.Context, q *StreamQuery) error {
	wake := make(chan struct{}, 1)
	r := Open(p.c, q, func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	defer r.Close()
	err := r.Past(ctx, func(b *logs.Batch, gap *logs.Gap) error {
		if gap != nil {
			if err := p.gap(ctx, gap); err != nil {
				return err
			}
		}
		if len(b.Lines) == 0 {
			return nil
		}
		p.upTo = b.Last()
		return p.lines(ctx, b, true)
	})
	if err != nil || !q.Follow {
		return err
	}
	p.upTo = r.reached()
	p.change(p.i, func(q *queue) { q.past = false })
	return p.follow(ctx, r, wake)
}

func (p *pump) gap(ctx context.Context, g *logs.Gap) error {
	return p.put(ctx, p.i, piece{item: Item{Gap: &Gap{p.c, *g}}, at: g.To.UnixNano()})
}

// lines puts the lines of a batch that the filter selects. A batch that will be reused is copied.
func (p *pump) lines(ctx context.Context, b *logs.Batch, reused bool) error {
	switch {
	case !p.query.Filter.IsZero():
		picked := &logs.Batch{}
		for i := range b.Lines {
			if p.query.Filter.Match(b.Lines[i].Stream, b.Text(i)) {
				picked.AddFrom(b, i)
			}
		}
		if len(picked.Lines) == 0 {
			return nil
		}
		b = picked
	case reused:
		b = b.Clone()
	}
	return p.put(ctx, p.i, piece{item: Item{Lines: &Lines{Container: p.c, Index: p.i, Batch: b}}, batch: b})
}

// follow puts new lines until the log ends.
func (p *pump) follow(ctx context.Context, r *Reading, wake <-chan struct{}) error {
	var items []logs.Item
	for {
		var err error
		items, err = r.Next(items[:0])
		for _, item := range items {
			switch {
			case item.Gap != nil:
				err = errors.Join(err, p.gap(ctx, item.Gap))
			case item.Batch != nil:
				p.upTo = item.Batch.Last()
				err = errors.Join(err, p.lines(ctx, item.Batch, false))
			}
		}
		n := len(items)
		clear(items)
		if err != nil {
			return endOf(err)
		}
		if n > 0 {
			continue
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

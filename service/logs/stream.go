package logs

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"wharf/dockerx/logs"
	"wharf/util/apperr"
)

// StreamQuery says what a stream gives.
type StreamQuery struct {
	Filter Filter
	Range  Range
	Follow bool
	Long   bool // it may read whole logs: the past waits for a place for long readings
	// Events yields what is to be woven in, by time, until ctx ends. nil: nothing.
	Events func(ctx context.Context, give func(at time.Time, event any) error) error
	// Successor waits for the container that takes the name of one that was removed. nil: none is awaited.
	Successor func(ctx context.Context, gone *Container) (*Container, error)
}

// Range is a part of each log.
type Range struct {
	Cursor       *Cursor // the lines after it; nil: none is given
	All          bool
	Tail         int
	Since, Until time.Time
}

// of is the part of one container's log.
func (r *Range) of(c *Container) logs.Range {
	if r.Cursor != nil {
		at := r.Cursor.Of(c)
		return logs.Range{After: &at, Until: r.Until}
	}
	return logs.Range{All: r.All, Tail: r.Tail, Since: r.Since, Until: r.Until}
}

// Stream gives the lines of containers, merged by time, and with Follow those that come, until all have ended, emit
// fails, or ctx ends. The batches are shared and must not be changed.
func Stream(ctx context.Context, all []*Container, q StreamQuery, emit func(Item) error) error {
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

// weave puts events until all containers have ended.
func (m *merger) weave(ctx context.Context, i, containers int, left <-chan struct{}, events func(context.Context, func(time.Time, any) error) error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m.change(i, func(q *queue) { q.past, q.ended = false, true }) // an event is never waited for
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

// joined is how many positions of the past are compared with what follows.
const joined = 4096

// pump reads one container's log into a merger.
type pump struct {
	*merger
	i     int
	c     *Container
	query *StreamQuery

	last   logs.Position // of the past
	upTo   logs.Position // what was put
	some   bool          // the past had a line
	recent map[logs.Position]struct{}
	ring   []logs.Position
	at     int
}

func (p *pump) run(ctx context.Context) {
	defer p.change(p.i, func(q *queue) { q.ended = true })
	r := p.query.Range.of(p.c)
	for {
		err := p.container(ctx, r)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, logs.ErrTooSlow) { // its place is kept: it reads by itself what it has missed
			at := p.upTo
			r = logs.Range{After: &at}
			continue
		}
		_ = p.put(ctx, p.i, piece{item: Item{Ended: &Ended{p.c, err}}, at: time.Now().UnixNano()})
		if apperr.KindOf(err) != apperr.NotFound || p.query.Successor == nil || !p.query.Follow {
			return
		}
		next, err := p.query.Successor(ctx, p.c)
		if err != nil {
			return
		}
		p.c, r = next, logs.Range{All: true}
	}
}

// container reads one container's log to its end.
func (p *pump) container(ctx context.Context, r logs.Range) error {
	var sub *logs.Subscription
	wake := make(chan struct{}, 1)
	if p.query.Follow {
		sub = p.c.Follow(func() {
			select {
			case wake <- struct{}{}:
			default:
			}
		})
		defer sub.Close()
	}
	p.last, p.some, p.recent, p.ring, p.at = logs.Position{}, false, nil, nil, 0
	if err := p.past(ctx, r); err != nil {
		return err
	}
	if sub == nil {
		return nil
	}
	start, err := sub.Start(ctx)
	if err != nil {
		return endOf(err)
	}
	if err := p.join(ctx, r, start); err != nil {
		return err
	}
	p.change(p.i, func(q *queue) { q.past = false })
	return p.follow(ctx, sub, wake)
}

// past reads what the log has.
func (p *pump) past(ctx context.Context, r logs.Range) error {
	if r.After == nil && !r.All && r.Tail == 0 && r.Since.IsZero() {
		return nil
	}
	if p.query.Long {
		leave, err := p.c.LongRead(ctx)
		if err != nil {
			return err
		}
		defer leave()
	}
	return logs.Read(ctx, p.c.Source, r, func(b *logs.Batch, gap *logs.Gap) error { return p.give(ctx, b.Clone(), gap) })
}

// join reads on until the past reaches to where the following began.
func (p *pump) join(ctx context.Context, r logs.Range, start logs.Position) error {
	for range 5 {
		if _, ok := p.recent[start]; ok || start.IsZero() || start == p.last {
			return nil
		}
		switch {
		case p.some:
			r = logs.Range{After: &p.last}
		case r.After != nil && *r.After == start:
			return nil
		case r.After == nil && !r.Since.IsZero() && start.At < r.Since.UnixNano():
			return nil // nothing since then
		case r.After == nil && r.Tail == 0 && !r.All && r.Since.IsZero():
			p.last = start
			return nil
		}
		if err := p.past(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (p *pump) give(ctx context.Context, b *logs.Batch, gap *logs.Gap) error {
	if gap != nil {
		err := p.put(ctx, p.i, piece{item: Item{Gap: &Gap{p.c, *gap}}, at: gap.To.UnixNano()})
		if err != nil {
			return err
		}
	}
	if b == nil || len(b.Lines) == 0 {
		return nil
	}
	if p.query.Follow {
		p.keep(b)
	}
	p.last, p.some, p.upTo = b.Last(), true, b.Last()
	return p.lines(ctx, b)
}

// keep keeps the latest positions of the past.
func (p *pump) keep(b *logs.Batch) {
	if p.recent == nil {
		p.recent = make(map[logs.Position]struct{}, 512)
	}
	for i := max(0, len(b.Lines)-joined); i < len(b.Lines); i++ {
		pos := b.Lines[i].Position
		if len(p.ring) < joined {
			p.ring = append(p.ring, pos)
		} else {
			delete(p.recent, p.ring[p.at])
			p.ring[p.at] = pos
			p.at = (p.at + 1) % joined
		}
		p.recent[pos] = struct{}{}
	}
}

// lines puts those lines of a batch that the filter picks.
func (p *pump) lines(ctx context.Context, b *logs.Batch) error {
	if !p.query.Filter.IsZero() {
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
	}
	return p.put(ctx, p.i, piece{item: Item{Lines: &Lines{Container: p.c, Index: p.i, Batch: b}}, batch: b})
}

// follow puts what comes.
func (p *pump) follow(ctx context.Context, sub *logs.Subscription, wake <-chan struct{}) error {
	var items []logs.Item
	for {
		var err error
		items, err = sub.Next(items[:0])
		for _, item := range items {
			if err := p.followed(ctx, item); err != nil {
				return err
			}
		}
		clear(items)
		if err != nil {
			return endOf(err)
		}
		if len(items) > 0 {
			continue
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *pump) followed(ctx context.Context, item logs.Item) error {
	switch {
	case item.Gap != nil:
		return p.put(ctx, p.i, piece{item: Item{Gap: &Gap{p.c, *item.Gap}}, at: item.Gap.To.UnixNano()})
	case item.Batch == nil:
		return nil
	}
	p.upTo = item.Batch.Last()
	if p.recent == nil {
		return p.lines(ctx, item.Batch)
	}
	b := p.unknown(item.Batch)
	if b == nil {
		return nil
	}
	return p.lines(ctx, b)
}

// unknown returns the lines that the past didn't have. Once they are later than the past they aren't looked at.
func (p *pump) unknown(b *logs.Batch) *logs.Batch {
	if b.Lines[0].At > p.last.At+int64(time.Second) {
		p.recent, p.ring = nil, nil
		return b
	}
	fresh := &logs.Batch{}
	for i := range b.Lines {
		if _, known := p.recent[b.Lines[i].Position]; !known {
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

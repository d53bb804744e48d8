package logs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"wharf/dockerx/logs"
)

// pageTime is how long a page waits for the slowest container.
const pageTime = 20 * time.Second

// PageQuery selects the part of the logs for a page.
type PageQuery struct {
	Filter        Filter // by stream only: Search selects by text
	Before, After *Cursor
	Tail          int // lines of each log
	Since, Until  time.Time
	Limit         int // lines of the page
}

// forward reports whether the page has the first lines of the selected part, not the last.
func (q *PageQuery) forward() bool { return q.After != nil || q.Before == nil && !q.Since.IsZero() }

// PageLine is a line of a page.
type PageLine struct {
	Container *Container
	Index     int
	Batch     *logs.Batch
	Line      int // its index in the batch
}

// At returns the line's time in nanoseconds since 1970.
func (l PageLine) At() int64 { return l.Batch.Lines[l.Line].At }

// Page has lines in the order of time.
type Page struct {
	Lines      []PageLine
	Gaps       []Gap
	Prev, Next *Places // the cursors of the previous page (its end) and the next page (its start)
	Errors     []error // by container; nil if the container was read
}

// errEnough stops a reading that has enough lines.
var errEnough = errors.New("enough")

// ReadPage reads a page of several logs. Page.Errors has the errors.
func ReadPage(ctx context.Context, all []*Container, q PageQuery) *Page {
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	read := make([]*logs.Batch, len(all))
	gaps := make([]*logs.Gap, len(all))
	p := &Page{Errors: make([]error, len(all)), Prev: NewPlaces(all), Next: NewPlaces(all)}
	var reading sync.WaitGroup
	for i, c := range all {
		reading.Go(func() { read[i], gaps[i], p.Errors[i] = q.read(ctx, c) })
	}
	reading.Wait()
	for i, c := range all {
		if gaps[i] != nil {
			p.Gaps = append(p.Gaps, Gap{c, *gaps[i]})
		}
		p.add(c, i, read[i])
	}
	p.sort()
	p.cut(q)
	p.places(all, read, q)
	return p
}

func (q *PageQuery) read(ctx context.Context, c *Container) (*logs.Batch, *logs.Gap, error) {
	switch {
	case q.Before != nil:
		at := q.Before.Of(c)
		if at.IsZero() {
			return &logs.Batch{}, nil, nil
		}
		b, err := logs.ReadBefore(ctx, c.Source, at, q.Limit)
		return b, nil, err
	case q.After != nil:
		at := q.After.Of(c)
		return q.first(ctx, c, logs.Range{After: &at, Until: q.Until})
	case !q.Since.IsZero():
		return q.first(ctx, c, logs.Range{Since: q.Since, Until: q.Until})
	}
	b, err := logs.ReadTail(ctx, c.Source, min(q.Tail, q.Limit), q.Until)
	return b, nil, err
}

// first reads the first lines of a range.
func (q *PageQuery) first(ctx context.Context, c *Container, r logs.Range) (*logs.Batch, *logs.Gap, error) {
	kept, gap := &logs.Batch{}, (*logs.Gap)(nil)
	err := logs.Read(ctx, c.Source, r, func(b *logs.Batch, g *logs.Gap) error {
		if g != nil {
			gap = g
		}
		for i := range b.Lines {
			if !q.Filter.Match(b.Lines[i].Stream, b.Text(i)) {
				continue
			}
			if kept.AddFrom(b, i); len(kept.Lines) == q.Limit {
				return errEnough
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return kept, gap, err
}

func (p *Page) add(c *Container, i int, b *logs.Batch) {
	if b == nil {
		return
	}
	for line := range b.Lines {
		p.Lines = append(p.Lines, PageLine{c, i, b, line})
	}
}

// sort merges the lines by time. Lines of one container keep their order.
func (p *Page) sort() {
	last := make(map[int]int64, len(p.Errors))
	keys := make([]int64, len(p.Lines))
	order := make([]int, len(p.Lines))
	for n, l := range p.Lines {
		last[l.Index] = max(last[l.Index], l.At())
		keys[n], order[n] = last[l.Index], n
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })
	sorted := make([]PageLine, len(order))
	for n, from := range order {
		sorted[n] = p.Lines[from]
	}
	p.Lines = sorted
}

func (p *Page) cut(q PageQuery) {
	extra := len(p.Lines) - q.Limit
	switch {
	case extra <= 0:
	case q.forward():
		p.Lines = p.Lines[:q.Limit]
	default:
		p.Lines = p.Lines[extra:]
	}
}

// places sets Prev and Next to the start and end of the page in each log.
func (p *Page) places(all []*Container, read []*logs.Batch, q PageQuery) {
	first, last := make([]*logs.Position, len(all)), make([]*logs.Position, len(all))
	for n := range p.Lines {
		l := &p.Lines[n]
		at := &l.Batch.Lines[l.Line].Position
		if first[l.Index] == nil {
			first[l.Index] = at
		}
		last[l.Index] = at
	}
	for i, c := range all {
		var given logs.Position
		if q.After != nil {
			given = q.After.Of(c)
		} else if q.Before != nil {
			given = q.Before.Of(c)
		}
		switch {
		case first[i] != nil:
			p.Prev.Set(i, *first[i])
			p.Next.Set(i, *last[i])
		case q.forward(): // none of its lines is on the page: they come after it
			p.Next.Set(i, given)
			p.Prev.Set(i, notAfter(given))
		case read[i] != nil && len(read[i].Lines) > 0: // its lines come before the page
			p.Next.Set(i, read[i].Last())
			p.Prev.Set(i, notAfter(read[i].Last()))
		default:
			p.Next.Set(i, given)
		}
	}
}

// notAfter returns the position just after p, before which p is the last line.
func notAfter(p logs.Position) logs.Position {
	if p.IsZero() {
		return p
	}
	return logs.Position{At: p.At + 1, Stream: logs.Stdout}
}

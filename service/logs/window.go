package logs

import (
	"context"
	"errors"
	"slices"
	"time"

	"wharf/dockerx/logs"
)

// window is the part of a log that is searched at a time. The engine only reads forwards: to find the newest lines first,
// windows are read from the end of the log backwards, each longer than the previous one.
type window struct {
	*search
	c    *Container
	i    int
	end  logs.Position // the window ends before it
	tail int           // where the window begins, in frames from the end of the log

	first logs.Position // its first line
	hits  []Hit         // the latest ones, in the log's order
	past  *logs.Latest  // the lines before the current one
	open  []int         // indexes of hits that need more lines after them
	batch *logs.Batch   // the texts of hits
}

func (w *window) run(ctx context.Context) {
	if w.end.IsZero() { // an earlier search has reached the start of the log
		w.reached(w.i, w.end, true)
		return
	}
	leave, err := w.c.LongRead(ctx)
	if err == nil {
		defer leave()
		if err = w.inFiles(ctx); errors.Is(err, logs.ErrNoFiles) && !w.c.FilesOnly {
			err = w.all(ctx)
		}
	}
	if err != nil && ctx.Err() == nil {
		w.fail(w.i, err)
	}
}

func (w *window) all(ctx context.Context) error {
	w.tail = firstWindow
	if w.q.Before != nil || !w.q.Until.IsZero() {
		tail, err := logs.TailTo(ctx, w.c.Source, w.end.At)
		if err != nil {
			return err
		}
		w.tail = max(w.tail, tail+firstWindow)
	}
	for size := firstWindow; ; {
		w.hits, w.open, w.batch, w.first = nil, nil, &logs.Batch{}, logs.Position{}
		w.past = logs.NewLatest(max(w.q.Context, 1))
		whole, err := logs.ReadWindow(ctx, w.c.Source, w.tail, size, w.end, w.lines)
		if err != nil {
			return err
		}
		slices.Reverse(w.hits)
		if w.give(w.i, w.hits) != nil {
			return nil //nolint:nilerr // the search has ended
		}
		over := whole || !w.q.Since.IsZero() && !w.first.IsZero() && w.first.At < w.q.Since.UnixNano()
		if !w.first.IsZero() {
			w.end = w.first
		}
		w.reached(w.i, w.end, over)
		if over {
			return nil
		}
		size = w.lengthen(size)
	}
}

// lengthen sets the start of the next window, and returns its length in frames.
func (w *window) lengthen(size int) int {
	switch {
	case w.c.Driver == "json-file":
		size = min(size*windowGrowth, maxWindow)
	case size >= lastWindow:
		w.tail = logs.Whole
		return size
	default:
		size = min(size*windowGrowth, lastWindow)
	}
	w.tail += size
	return size
}

// lines searches a batch of the window.
func (w *window) lines(b *logs.Batch, size int64) error {
	w.read(int64(len(b.Lines)), size)
	since := int64(0)
	if !w.q.Since.IsZero() {
		since = w.q.Since.UnixNano()
	}
	for i := range b.Lines {
		l := &b.Lines[i]
		if w.first.IsZero() {
			w.first = l.Position
		}
		text := b.Text(i)
		if w.q.Context > 0 {
			w.after(b, i)
		}
		if l.At >= since && w.q.Filter.Match(l.Stream, text) && (w.q.Until.IsZero() || l.At <= w.q.Until.UnixNano()) {
			w.hit(b, i)
		}
		if w.q.Context > 0 {
			w.past.Add(b, i)
		}
	}
	return nil
}

func (w *window) hit(b *logs.Batch, i int) {
	w.batch.AddFrom(b, i)
	h := Hit{Container: w.c, Index: w.i, Batch: w.batch, Line: len(w.batch.Lines) - 1}
	if w.q.Context > 0 {
		h.Before, h.After = w.past.Batch(), &logs.Batch{}
		w.open = append(w.open, len(w.hits))
	}
	w.hits = append(w.hits, h)
	if len(w.hits) >= 2*w.q.Limit+w.q.Context {
		w.dropOldest()
	}
}

// dropOldest drops the oldest hits beyond the limit, and their texts.
func (w *window) dropOldest() {
	from := len(w.hits) - w.q.Limit
	kept, batch := make([]Hit, 0, 2*w.q.Limit), &logs.Batch{}
	for _, h := range w.hits[from:] {
		batch.AddFrom(h.Batch, h.Line)
		h.Batch, h.Line = batch, len(batch.Lines)-1
		kept = append(kept, h)
	}
	w.hits, w.batch = kept, batch
	open := w.open[:0]
	for _, n := range w.open {
		if n >= from {
			open = append(open, n-from)
		}
	}
	w.open = open
}

// after adds a line to the preceding hits that need it as context.
func (w *window) after(b *logs.Batch, i int) {
	open := w.open[:0]
	for _, n := range w.open {
		h := &w.hits[n]
		if h.After.AddFrom(b, i); len(h.After.Lines) < w.q.Context {
			open = append(open, n)
		}
	}
	w.open = open
}

// searchTime is the maximum duration of a search.
const searchTime = 2 * time.Minute

// WithDeadline returns a context that ends a search after limit, or after two minutes if limit is 0 or longer.
func WithDeadline(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 || limit > searchTime {
		limit = searchTime
	}
	return context.WithTimeout(ctx, limit)
}

package logs

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"wharf/dockerx/logs"
)

// inFiles searches the log's own files. Errors: logs.ErrNoFiles where that can't be done.
func (w *window) inFiles(ctx context.Context) error {
	if w.c.Files == nil || w.q.Context > 0 { // a part of a file doesn't have what stands before it
		return logs.ErrNoFiles
	}
	files, err := w.c.Files(ctx)
	if err != nil {
		return err
	}
	defer files.Close()
	p := &filePart{window: w, seeking: w.q.Before != nil}
	keep := w.q.Filter.candidate()
	err = files.Backward(ctx, func(raw []byte) bool { return p.seeking || keep(raw) }, p.lines)
	switch {
	case errors.Is(err, errSearched):
		return nil
	case err == nil:
		w.reached(w.i, logs.Position{}, true)
	}
	return err
}

// errSearched ends a search that needs no more of the files.
var errSearched = errors.New("searched")

// filePart searches one part of the files after the other.
type filePart struct {
	*window
	seeking bool // the place where an earlier search ended hasn't come yet
}

func (p *filePart) lines(b *logs.Batch, lines, size int64) error {
	p.read(lines, size)
	if len(b.Lines) == 0 {
		return nil
	}
	first := b.Lines[0].Position
	if p.seeking && !p.seek(b) {
		return nil
	}
	p.hits, p.batch = nil, &logs.Batch{}
	for i := range b.Lines {
		l := &b.Lines[i]
		if p.inTime(l.At) && p.q.Filter.Match(l.Stream, b.Text(i)) {
			p.hit(b, i)
		}
	}
	slices.Reverse(p.hits)
	if err := p.give(p.i, p.hits); err != nil {
		return errSearched
	}
	over := !p.q.Since.IsZero() && first.At < p.q.Since.UnixNano()
	p.reached(p.i, first, over)
	if over {
		return errSearched
	}
	return nil
}

// seek takes the lines from the place on out of b, and reports whether that was there.
func (p *filePart) seek(b *logs.Batch) bool {
	i := slices.IndexFunc(b.Lines, func(l logs.Line) bool { return l.Position == p.end })
	switch {
	case i >= 0:
		b.Lines = b.Lines[:i]
	case b.Lines[0].At > p.end.At:
		return false
	default: // it is gone, or a time alone
		b.Lines = slices.DeleteFunc(b.Lines, func(l logs.Line) bool { return l.At > p.end.At })
	}
	p.seeking = false
	return true
}

func (p *filePart) inTime(at int64) bool {
	return (p.q.Since.IsZero() || at >= p.q.Since.UnixNano()) && (p.q.Until.IsZero() || at <= p.q.Until.UnixNano())
}

// candidate returns what tells by a line as it stands in a file, escaped, whether the filter may pick it.
func (f *Filter) candidate() func(raw []byte) bool {
	if f.Regex || f.Invert || len(f.text) == 0 || !plainJSON(f.text) {
		return func([]byte) bool { return true }
	}
	return func(raw []byte) bool { return bytes.Contains(raw, f.text) }
}

// plainJSON reports whether a text stands in JSON as it is.
func plainJSON(text []byte) bool {
	for _, c := range text {
		if c < 0x20 || c > 0x7e || bytes.IndexByte([]byte(`"\<>&`), c) >= 0 {
			return false
		}
	}
	return true
}

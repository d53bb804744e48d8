package logs

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"wharf/dockerx/logs"
)

// inFiles searches the log's own files. Errors: logs.ErrNoFiles if that isn't possible.
func (w *window) inFiles(ctx context.Context) error {
	if w.c.Files == nil || w.q.Context > 0 { // files are read in parts, without the lines around a part
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

// errSearched stops the reading of files for a search that is done.
var errSearched = errors.New("searched")

// filePart searches the parts of the files one after the other.
type filePart struct {
	*window
	seeking bool // the place where an earlier search ended hasn't been reached yet
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

// seek reports whether b has the place where an earlier search ended, and removes the lines that that search has seen.
func (p *filePart) seek(b *logs.Batch) bool {
	i := slices.IndexFunc(b.Lines, func(l logs.Line) bool { return l.Position == p.end })
	switch {
	case i >= 0:
		b.Lines = b.Lines[:i]
	case b.Lines[0].At > p.end.At:
		return false
	default: // the line is gone, or the place is only a time
		b.Lines = slices.DeleteFunc(b.Lines, func(l logs.Line) bool { return l.At > p.end.At })
	}
	p.seeking = false
	return true
}

func (p *filePart) inTime(at int64) bool {
	return (p.q.Since.IsZero() || at >= p.q.Since.UnixNano()) && (p.q.Until.IsZero() || at <= p.q.Until.UnixNano())
}

// candidate returns a function that reports whether the filter may select a line, given the line's JSON in a file.
func (f *Filter) candidate() func(raw []byte) bool {
	if f.Regex || f.Invert || len(f.text) == 0 || !plainJSON(f.text) {
		return func([]byte) bool { return true }
	}
	return func(raw []byte) bool { return bytes.Contains(raw, f.text) }
}

// plainJSON reports whether a text is the same in JSON, without escapes.
func plainJSON(text []byte) bool {
	for _, c := range text {
		if c < 0x20 || c > 0x7e || bytes.IndexByte([]byte(`"\<>&`), c) >= 0 {
			return false
		}
	}
	return true
}

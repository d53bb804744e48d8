package logs

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

const (
	// chunkBytes is how much of a file is read at a time.
	chunkBytes = 4 << 20
	// leadBytes is how far before a chunk its first line may begin.
	leadBytes = 512 << 10
	// maxUnpacked is the largest compressed file that is read, in bytes after decompression.
	maxUnpacked = 256 << 20
)

// Backward reads the log in chunks, the newest first, and calls give with the lines of each chunk in the log's order. If keep
// isn't nil, it is called with a line's entry in the file (with its escapes), and a line that it rejects is left out of the
// batch. It isn't called for lines of several entries, or lines between these entries: they are always in the batch. lines and
// size are the number of lines and bytes read, including rejected ones. The batch is reused after give returns.
func (f *Files) Backward(ctx context.Context, keep func(raw []byte) bool, give func(b *Batch, lines, size int64) error) error {
	r := &fileReader{keep: keep, give: give, batch: &Batch{}}
	for _, file := range f.parts {
		r.parts = append(r.parts, &filePart{f: file})
	}
	for i := range r.parts {
		if err := r.part(ctx, i); err != nil {
			return err
		}
		r.parts[i].r = nil // frees the memory of a decompressed file
	}
	return nil
}

// filePart is one file of a log.
type filePart struct {
	f    *os.File
	r    io.ReaderAt // nil until it is opened
	size int64
}

// open prepares the file for reading. It decompresses a compressed file into memory.
func (p *filePart) open() error {
	if p.r != nil {
		return nil
	}
	if filepath.Ext(p.f.Name()) != ".gz" {
		info, err := p.f.Stat()
		if err == nil {
			p.r, p.size = p.f, info.Size()
		}
		return err
	}
	z, err := gzip.NewReader(io.NewSectionReader(p.f, 0, 1<<62))
	if err != nil {
		return err
	}
	all, err := io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	if err != nil {
		return err
	}
	if len(all) > maxUnpacked {
		return fmt.Errorf("%s has more than 256 MiB", filepath.Base(p.f.Name()))
	}
	p.r, p.size = bytes.NewReader(all), int64(len(all))
	return nil
}

// fileReader reads a log's files backwards, chunk by chunk.
type fileReader struct {
	parts []*filePart
	keep  func(raw []byte) bool
	give  func(b *Batch, lines, size int64) error
	batch *Batch
	buf   []byte
	lead  []byte
	entry entry
}

// part reads file i from its end to its beginning.
func (r *fileReader) part(ctx context.Context, i int) error {
	p := r.parts[i]
	if err := p.open(); err != nil {
		return err
	}
	for end := p.size; end > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		from := max(0, end-chunkBytes)
		var err error
		if r.buf, err = p.read(r.buf, from, end); err != nil {
			return err
		}
		cut := 0
		if from > 0 {
			cut = entryEnd(r.buf)
		}
		lead, err := r.before(i, from+int64(cut))
		if err != nil {
			return err
		}
		if err := r.chunk(lead, r.buf[cut:]); err != nil {
			return err
		}
		if end = from + int64(cut); cut == len(r.buf) && from > 0 {
			return fmt.Errorf("%s has an entry of more than %d bytes", filepath.Base(p.f.Name()), chunkBytes)
		}
	}
	return nil
}

// read reads the bytes from from to end of the file into buf.
func (p *filePart) read(buf []byte, from, end int64) ([]byte, error) {
	buf = slices.Grow(buf[:0], int(end-from))[:end-from]
	_, err := p.r.ReadAt(buf, from)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return buf, err
}

// before returns the entries before offset at of file i in which a line that continues at at may have begun: leadBytes, also
// from older files. Frames of stdout and stderr may be interleaved, so that a line may begin several small files earlier.
func (r *fileReader) before(i int, at int64) ([]byte, error) {
	var pieces [][]byte // the newest first
	for left := int64(leadBytes); left > 0 && i < len(r.parts); i++ {
		p := r.parts[i]
		if err := p.open(); err != nil {
			return nil, err
		}
		if len(pieces) > 0 {
			at = p.size
		}
		from := max(0, at-left)
		piece, err := p.read(nil, from, at)
		if err != nil {
			return nil, err
		}
		left -= at - from
		if from > 0 {
			piece = piece[entryEnd(piece):]
		}
		pieces = append(pieces, piece)
	}
	slices.Reverse(pieces)
	r.lead = r.lead[:0]
	for _, piece := range pieces {
		r.lead = append(r.lead, piece...)
	}
	return r.lead, nil
}

// entryEnd returns the offset of the first complete entry.
func entryEnd(b []byte) int {
	n := bytes.IndexByte(b, '\n')
	if n < 0 {
		return len(b)
	}
	return n + 1
}

var lineEnd = []byte(`\n","stream":`)

// endsLine reports whether an entry's text ends with a newline.
func endsLine(raw []byte) bool {
	return bytes.Contains(raw, lineEnd) || bytes.Contains(raw, []byte(`\n","attrs":`))
}

// chunk calls give with the lines that end in b. lead holds the entries before b, in which the first lines may begin.
func (r *fileReader) chunk(lead, b []byte) error {
	r.batch.Reset()
	d := &decoder{out: &Batch{}}
	r.entries(d, lead, func(_ []byte, ends bool) bool { return ends && !d.streams[Stdout].open && !d.streams[Stderr].open })
	d.out = r.batch
	size, count := int64(len(b)), int64(0)
	r.entries(d, b, func(raw []byte, ends bool) bool {
		if !ends {
			return false
		}
		count++
		alone := !d.streams[Stdout].open && !d.streams[Stderr].open
		return alone && r.keep != nil && !r.keep(raw)
	})
	return r.give(r.batch, count, size)
}

// entries decodes the entries of b, except those for which skip returns true.
func (r *fileReader) entries(d *decoder, b []byte, skip func(raw []byte, ends bool) bool) {
	for {
		n := bytes.IndexByte(b, '\n')
		if n < 0 {
			return // the last entry is still being written
		}
		raw := b[:n]
		b = b[n+1:]
		ends := endsLine(raw)
		if skip(raw, ends) || !r.entry.parse(raw, &d.stamps) {
			continue
		}
		e := &r.entry
		data := e.text
		if k := len(data); k > 0 && data[k-1] == '\n' {
			data, ends = data[:k-1], true
		}
		d.take(&d.streams[e.stream], e.stream, e.at, data, ends || len(data) < fullFrame)
	}
}

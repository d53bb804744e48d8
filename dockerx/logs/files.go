package logs

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

const (
	// chunkBytes is how much of a file is read at a time.
	chunkBytes = 1 << 20
	// maxUnpacked is the longest compressed file that is read.
	maxUnpacked = 256 << 20
	maxFiles    = 1000
	openTries   = 5
)

// ErrNoFiles says that a log's own files can't be read here, or aren't those of the engine.
var ErrNoFiles = errors.New("the log's files can't be read from here")

// Files are the files of a json-file log, the newest first: what an engine on this machine writes itself.
type Files struct{ parts []*os.File }

// OpenFiles opens a log's files. That they are the engine's is not assumed: the last lines that the engine gives must stand
// at their end. Errors: ErrNoFiles, those of the source.
func OpenFiles(ctx context.Context, src Source, path string) (*Files, error) {
	if !filepath.IsAbs(path) || filepath.Clean(path) != path {
		return nil, ErrNoFiles
	}
	end, err := probe(ctx, src, 1, true)
	if err != nil {
		return nil, err
	}
	for range openTries {
		f, err := openFiles(path)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoFiles, err)
		}
		if f.current(path) {
			if end.lines == 0 || f.holds(end.last) {
				return f, nil
			}
			f.Close()
			return nil, ErrNoFiles
		}
		f.Close() // rotated meanwhile
	}
	return nil, ErrNoFiles
}

func openFiles(path string) (*Files, error) {
	newest, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	f := &Files{parts: []*os.File{newest}}
	for i := 1; i < maxFiles; i++ {
		name := fmt.Sprintf("%s.%d", path, i)
		part, err := openRegular(name)
		if errors.Is(err, fs.ErrNotExist) {
			part, err = openRegular(name + ".gz")
		}
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		f.parts = append(f.parts, part)
	}
	return f, nil
}

// openRegular opens a file that is one: not a link, a pipe or a device.
func openRegular(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", filepath.Base(path))
	}
	return os.Open(path)
}

// current reports whether the newest file still has its name.
func (f *Files) current(path string) bool {
	mine, err := f.parts[0].Stat()
	if err != nil {
		return false
	}
	now, err := os.Lstat(path)
	return err == nil && os.SameFile(mine, now)
}

// holds reports whether the last lines of the files have one.
func (f *Files) holds(p Position) bool {
	found := false
	_ = f.Backward(context.Background(), nil, func(b *Batch, _, _ int64) error {
		for i := range b.Lines {
			found = found || b.Lines[i].At == p.At && b.Lines[i].Stream == p.Stream
		}
		if !found && len(b.Lines) > 0 && b.Lines[0].At > p.At {
			return nil
		}
		return errLookedAt
	})
	return found
}

var errLookedAt = errors.New("looked at")

// Close closes the files.
func (f *Files) Close() {
	for _, part := range f.parts {
		_ = part.Close()
	}
}

// Backward gives the log in parts, the newest first, the lines of each in the log's order. keep, if it isn't nil, is asked
// of each line as it stands in the file, escaped; what it refuses is not part of the batch. lines and size are how much
// was read. The batch is reused.
func (f *Files) Backward(ctx context.Context, keep func(raw []byte) bool, give func(b *Batch, lines, size int64) error) error {
	r := &fileReader{keep: keep, give: give, batch: &Batch{}}
	for _, part := range f.parts {
		var err error
		if filepath.Ext(part.Name()) == ".gz" {
			err = r.packed(part)
		} else {
			err = r.plain(ctx, part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fileReader reads files backwards.
type fileReader struct {
	keep  func(raw []byte) bool
	give  func(b *Batch, lines, size int64) error
	batch *Batch
	buf   []byte
	entry entry
}

// packed reads a compressed file.
func (r *fileReader) packed(f *os.File) error {
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	all, err := io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	if err != nil {
		return err
	}
	if len(all) > maxUnpacked {
		return fmt.Errorf("%s has more than 256 MiB", filepath.Base(f.Name()))
	}
	for len(all) > 0 {
		from := 0
		if len(all) > chunkBytes {
			from = boundary(all, len(all)-chunkBytes)
		}
		if from == len(all) {
			from = 0
		}
		if err := r.chunk(all[from:]); err != nil {
			return err
		}
		all = all[:from]
	}
	return nil
}

// plain reads a file from its end.
func (r *fileReader) plain(ctx context.Context, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	end := info.Size()
	for size := int64(chunkBytes); end > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		from := max(0, end-size)
		r.buf = slices.Grow(r.buf[:0], int(end-from))[:end-from]
		if _, err := f.ReadAt(r.buf, from); err != nil {
			return err
		}
		cut := boundary(r.buf, 0)
		if from == 0 {
			cut = 0
		} else if cut == len(r.buf) && size <= 4*maxText+chunkBytes {
			size *= 2 // all of it is one line
			continue
		}
		if err := r.chunk(r.buf[cut:]); err != nil {
			return err
		}
		end, size = from+int64(cut), chunkBytes
	}
	return nil
}

// boundary is where the first whole line begins from an offset on: after an entry that ends its line.
func boundary(b []byte, from int) int {
	for at := from; ; {
		n := bytes.IndexByte(b[at:], '\n')
		if n < 0 {
			return len(b)
		}
		line := b[at : at+n]
		at += n + 1
		if endsLine(line) {
			return at
		}
	}
}

var lineEnd = []byte(`\n","stream":`)

// endsLine reports whether an entry's text has a line end.
func endsLine(raw []byte) bool {
	return bytes.Contains(raw, lineEnd) || bytes.Contains(raw, []byte(`\n","attrs":`))
}

// chunk gives the lines of whole entries.
func (r *fileReader) chunk(b []byte) error {
	size, count := int64(len(b)), int64(0)
	r.batch.Reset()
	d := &decoder{out: r.batch}
	for len(b) > 0 {
		n := bytes.IndexByte(b, '\n')
		if n < 0 {
			break // it is being written
		}
		raw := b[:n]
		b = b[n+1:]
		ends := endsLine(raw)
		if ends {
			count++
		}
		alone := ends && len(raw) < fullFrame && !d.streams[Stdout].open && !d.streams[Stderr].open
		if alone && r.keep != nil && !r.keep(raw) {
			continue
		}
		if !r.entry.parse(raw, &d.stamps) {
			continue
		}
		e := &r.entry
		data := e.text
		if k := len(data); k > 0 && data[k-1] == '\n' {
			data, ends = data[:k-1], true
		}
		d.take(&d.streams[e.stream], e.stream, e.at, data, ends || len(data) < fullFrame)
	}
	if len(r.batch.Lines) == 0 && count == 0 {
		return nil
	}
	return r.give(r.batch, count, size)
}

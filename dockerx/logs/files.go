package logs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	maxFiles  = 1000
	openTries = 5
)

// ErrNoFiles is the error for log files that can't be read on this machine, or aren't the engine's.
var ErrNoFiles = errors.New("the log's files can't be read from here")

// Files are the open files of a json-file log, which an engine on this machine writes, newest first.
type Files struct{ parts []*os.File }

// OpenFiles opens a log's files. It verifies that they belong to the engine's log: the log's last line according to the engine
// must be at their end. The caller closes them. Errors: ErrNoFiles, those of the source.
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

// openRegular opens a regular file. It rejects links, pipes and devices.
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

// holds reports whether the last lines of the files include one with the time and stream of p.
func (f *Files) holds(p Position) bool {
	found := false
	_ = f.Backward(context.Background(), nil, func(b *Batch, _, _ int64) error {
		for i := range b.Lines {
			found = found || b.Lines[i].At == p.At && b.Lines[i].Stream == p.Stream
		}
		if !found && len(b.Lines) > 0 && b.Lines[0].At > p.At {
			return nil
		}
		return errStop
	})
	return found
}

// errStop ends Backward when no older lines are needed.
var errStop = errors.New("looked at")

// Close closes the files.
func (f *Files) Close() {
	for _, part := range f.parts {
		_ = part.Close()
	}
}

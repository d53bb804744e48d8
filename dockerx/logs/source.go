package logs

import (
	"context"
	"io"
	"time"
)

// Source is one container's log at its engine.
type Source interface {
	// Open asks for the log, for the caller to read and close. Errors are those that a user may see.
	Open(ctx context.Context, q Query) (io.ReadCloser, error)
	// Running reports whether the container has a process. Errors: apperr.NotFound where it was removed.
	Running(ctx context.Context) (bool, error)
	// TTY reports whether the container has a terminal: its log has no frames then.
	TTY() bool
	// FileBytes is the size at which the log goes on in another file; 0: never.
	FileBytes() int64
}

// Query is what an engine is asked for.
type Query struct {
	Tail   int // frames, from the end; negative: all
	Follow bool
	Until  time.Time // zero: the end
}

// all asks for everything.
const all = -1

// answer is an open answer of an engine and its decoder.
type answer struct {
	*decoder
	body io.ReadCloser
}

func open(ctx context.Context, src Source, q Query) (*answer, error) {
	body, err := src.Open(ctx, q)
	if err != nil {
		return nil, err
	}
	d := newDecoder(body, src.TTY())
	d.follows = q.Follow
	return &answer{d, body}, nil
}

func (a *answer) close() { _ = a.body.Close() }

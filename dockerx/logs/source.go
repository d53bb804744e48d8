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
	body    io.ReadCloser
	stalled *time.Timer // closes a body that brings nothing; nil while it is followed
}

func open(ctx context.Context, src Source, q Query) (*answer, error) {
	body, err := src.Open(ctx, q)
	if err != nil {
		return nil, err
	}
	a := &answer{decoder: newDecoder(body, src.TTY()), body: body}
	a.follows = q.Follow
	if !q.Follow {
		a.stalled = time.AfterFunc(stallTime, func() { _ = body.Close() })
		a.r = &watchedReader{Reader: body, stalled: a.stalled}
	}
	return a, nil
}

// stallTime is how long an engine may send nothing of an answer that doesn't follow.
const stallTime = 30 * time.Second

// watchedReader ends a read that waits for too long. Between two reads a slow client may take its time.
type watchedReader struct {
	io.Reader
	stalled *time.Timer
	read    int  // bytes so far
	drained bool // the last read took all that was there
}

const (
	// soon is how much of an answer is read as it comes. An engine writes each frame by itself, and a reader that waits for
	// it is woken for each. Beyond soon it lets some gather whenever it has read all that is there.
	soon = 16 << 10
	// drainedBelow is less than net/http returns where more has come: it reads 4 KiB at a time.
	drainedBelow = 2 << 10
)

func (r *watchedReader) Read(p []byte) (int, error) {
	r.stalled.Reset(stallTime)
	defer r.stalled.Stop()
	if r.drained && r.read > soon {
		briefPause()
	}
	n, err := r.Reader.Read(p)
	r.read += n
	r.drained = n < min(len(p), drainedBelow)
	return n, err
}

func (a *answer) close() {
	if a.stalled != nil {
		a.stalled.Stop()
	}
	_ = a.body.Close()
	a.release()
}

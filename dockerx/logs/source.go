package logs

import (
	"context"
	"io"
	"time"
)

// Source is one container's log at its engine.
type Source interface {
	// Open requests the log. The caller closes it. Its errors may be shown to users.
	Open(ctx context.Context, q Query) (io.ReadCloser, error)
	// Running reports whether the container is running. Errors: apperr.NotFound if it was removed.
	Running(ctx context.Context) (bool, error)
	// TTY reports whether the container has a TTY: its log then has no frames.
	TTY() bool
	// FileBytes returns the size at which the log is rotated to a new file; 0: never.
	FileBytes() int64
}

// Query selects the part of a log to request from an engine.
type Query struct {
	Tail   int // frames, from the end; negative: all
	Follow bool
	Until  time.Time // zero: the end
}

// all is the Query.Tail for the whole log.
const all = -1

// answer is an open answer of an engine and its decoder.
type answer struct {
	*decoder
	body    io.ReadCloser
	stalled *time.Timer // closes a body that sends nothing; nil if it is followed
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

// stallTime is how long an engine may send nothing during an answer that doesn't follow.
const stallTime = 30 * time.Second

// watchedReader ends a single read that takes too long. The time between two reads, which depends on the client, is unlimited.
type watchedReader struct {
	io.Reader
	stalled *time.Timer
	read    int  // bytes so far
	drained bool // the last read returned all available bytes
}

const (
	// soon is how many bytes of an answer are read without pauses. An engine writes each frame separately, so a waiting reader
	// wakes up for each. Beyond soon, the reader pauses when it has read all available bytes, so that several frames arrive.
	soon = 16 << 10
	// drainedBelow: a read of fewer bytes means that no more are available, since net/http reads 4 KiB at a time.
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

package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
)

// ErrTooSlow ends a stream whose client took too little for its source to wait any longer. The client gets the reason if the
// format has comments.
var ErrTooSlow = errors.New("the client is too slow")

// Source yields a stream's items, on a goroutine of its own, until there are no more or ctx has ended.
//
// Its result ends the stream. After nil the stream ends in order: the client knows that it has everything. ErrTooSlow does the
// same, with a comment. Any other error cuts the answer off, so that the client sees that it is incomplete, and appears in the
// log line; but errors of Writer.Send and ctx count as nil. ctx ends with the client, its session or the server, and has the
// values of the request's context.
type Source func(ctx context.Context, out *Writer) error

// Poller is a source without a goroutine. Its methods are called by one goroutine at a time.
type Poller interface {
	// Poll adds the new items to b and returns without waiting; calls that have to wait run in b.Blocking. If more is true,
	// Poll is called again without a call of notify. Errors: io.EOF if no more items will come, ErrTooSlow; others cut the
	// answer off.
	Poll(ctx context.Context, b *Batch) (more bool, err error)
	// Heartbeat appends bytes that keep the connection alive. These may be an item, added with Format.Append.
	Heartbeat(dst []byte) []byte
	// Close is called once, at the end, and may wait.
	Close()
}

const defaultBuffer = 64 << 10

// Writer receives the items of a Source. Items that are added while a write is under way go out together in the next write.
// Several goroutines may use a Writer.
type Writer struct {
	format Format
	most   int // bytes in buf before Send waits
	notify func()
	ctx    context.Context //nolint:containedctx // of the stream; its end stops waiting in Send
	cancel context.CancelFunc
	ended  chan struct{} // closed when the source has returned

	mu    sync.Mutex
	buf   *[]byte // of buffers; nil: empty
	items int64
	room  chan struct{} // closed when there is room again; nil: nothing waits for it
	err   error         // why the source ended; io.EOF: in order
}

// buffers are shared by all writers: an idle one holds none.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, 4<<10)
	return &b
}}

func newWriter(ctx context.Context, f Format, most int, notify func(), source Source) *Writer {
	w := &Writer{format: f, most: most, notify: notify, ended: make(chan struct{})}
	w.ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go w.run(source)
	return w
}

func (w *Writer) run(source Source) {
	defer close(w.ended)
	err := guarded(func() error { return source(w.ctx, w) })
	crash := (*PanicError)(nil)
	if err == nil || !errors.As(err, &crash) && w.ctx.Err() != nil {
		err = io.EOF
	}
	w.mu.Lock()
	w.err = err
	w.mu.Unlock()
	w.notify()
}

// Format returns the stream's format.
func (w *Writer) Format() Format { return w.format }

// Send adds an item. It waits while the client is Options.Buffer bytes behind. Errors: the error of the stream's context, once
// that has ended.
func (w *Writer) Send(item Item) error {
	return w.add(1, func(dst []byte) []byte { return w.format.Append(dst, item) })
}

// Append is Send for whole items that are already encoded in the stream's format. Their bytes may be shared.
func (w *Writer) Append(encoded []byte, items int) error {
	return w.add(items, func(dst []byte) []byte { return append(dst, encoded...) })
}

func (w *Writer) add(items int, write func([]byte) []byte) error {
	for {
		room, err := w.tryAdd(items, write)
		if room == nil {
			return err
		}
		select {
		case <-room:
		case <-w.ctx.Done():
			return w.ctx.Err()
		}
	}
}

// tryAdd adds to the buffer. If the buffer is full, it adds nothing and returns a channel that is closed when there is room.
func (w *Writer) tryAdd(items int, write func([]byte) []byte) (room <-chan struct{}, err error) {
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.buf != nil && len(*w.buf) >= w.most {
		if w.room == nil {
			w.room = make(chan struct{})
		}
		return w.room, nil
	}
	first := w.buf == nil
	if first {
		w.buf = buffers.Get().(*[]byte)
	}
	*w.buf = write(*w.buf)
	w.items += int64(items)
	if first {
		w.notify()
	}
	return nil, nil
}

// Poll implements Poller.
func (w *Writer) Poll(_ context.Context, b *Batch) (more bool, err error) {
	w.mu.Lock()
	buf, items, room, ended := w.buf, w.items, w.room, w.err
	w.buf, w.items, w.room = nil, 0, nil
	w.mu.Unlock()
	if room != nil {
		close(room)
	}
	if buf != nil {
		err = b.Append(*buf, int(items))
		if cap(*buf) <= 4*defaultBuffer {
			*buf = (*buf)[:0]
			buffers.Put(buf)
		}
	}
	if err == nil {
		err = ended
	}
	return false, err
}

// Heartbeat implements Poller.
func (w *Writer) Heartbeat(dst []byte) []byte { return append(dst, w.format.heartbeat()...) }

// Close implements Poller. It ends the source and waits until it has returned.
func (w *Writer) Close() {
	w.cancel()
	<-w.ended
}

// PanicError is a panic that ended a stream.
type PanicError struct {
	value any
	stack []byte
}

// Error returns the panic's value and stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }

// guarded runs f and returns its error, or its panic as a *PanicError.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{p, debug.Stack()}
		}
	}()
	return f()
}

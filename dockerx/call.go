package dockerx

import (
	"context"
	"errors"
	"io"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
)

// There are three ways to call an engine. Each accepts only the calls of its own part of engine.API, so that a mix-up
// doesn't compile:
//
//   - call, for reads: the answer is read completely before call returns (list, inspect, info).
//   - change, for changes: operations on containers, and changes of images, volumes and networks.
//   - open and openConn, for follows: the caller reads the answer or uses the connection at its own pace, and closes it.
//     Only opening has a deadline.
//
// All three classify errors and update the host's health. They are built on attempt, which does neither.

// call makes one call to a host's engine within limit, with a negotiated client, and classifies errors. doing names the call
// in errors and metrics, for example "list containers". If the engine was replaced by one of another version, the call is
// made once more. For a host that is known to be down it fails immediately.
func call[T any](ctx context.Context, h *Host, doing string, limit time.Duration, f func(context.Context, engine.Reads) (T, error)) (T, error) {
	return callIn(ctx, h, h.reads, doing, limit, func(ctx context.Context, e engine.API) (T, error) { return f(ctx, e) })
}

// change is call for requests that change something. It uses separate slots, so that slow stops don't delay lists, and
// returns connect.ErrNotModified unchanged.
func change(ctx context.Context, h *Host, doing string, limit time.Duration, f func(context.Context, engine.Changes) error) error {
	_, err := callIn(ctx, h, h.acts, doing, limit, func(ctx context.Context, e engine.API) (struct{}, error) {
		return struct{}{}, f(ctx, e)
	})
	return err
}

// callIn implements call and change: it waits for a free slot, then makes the call, all within limit.
func callIn[T any](ctx context.Context, h *Host, slots chan struct{}, doing string, limit time.Duration, f func(context.Context, engine.API) (T, error)) (T, error) {
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-inner.Done():
		var none T
		return none, classify(ctx, h.name, doing, inner.Err())
	}
	began := time.Now()
	v, err := attempt(inner, h, f)
	h.measures.took(doing, began, err)
	if err == nil || errors.Is(err, connect.ErrNotModified) {
		h.markUp()
		return v, err
	}
	return v, h.failed(ctx, doing, err)
}

// open requests an answer that the caller reads at its own pace and closes. limit is the time for opening it; it stays open
// until it is closed or ctx ends. Errors of opening are classified, errors of reading are not. open uses no slot: the
// callers bound the number of open answers.
func open(ctx context.Context, h *Host, doing string, limit time.Duration, f func(context.Context, engine.Follows) (io.ReadCloser, error)) (io.ReadCloser, error) {
	body, cancel, err := begin(ctx, h, doing, limit, f)
	if err != nil {
		return nil, err
	}
	return &openedBody{body, cancel}, nil
}

// openConn is open for an engine call that upgrades its connection.
func openConn(ctx context.Context, h *Host, doing string, limit time.Duration, f func(context.Context, engine.Follows) (*connect.Conn, error)) (*Conn, error) {
	conn, cancel, err := begin(ctx, h, doing, limit, f)
	if err != nil {
		return nil, err
	}
	return &Conn{conn, cancel}, nil
}

// begin implements open and openConn. The returned function ends the request.
func begin[T io.Closer](ctx context.Context, h *Host, doing string, limit time.Duration, f func(context.Context, engine.Follows) (T, error)) (T, context.CancelCauseFunc, error) {
	inner, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(limit, func() { cancel(context.DeadlineExceeded) })
	began := time.Now()
	v, err := attempt(inner, h, func(ctx context.Context, e engine.API) (T, error) { return f(ctx, e) })
	h.measures.took(doing, began, err)
	if !late.Stop() && err == nil {
		_ = v.Close()
		err = context.DeadlineExceeded
	}
	if err != nil {
		cancel(nil) // late may be calling it at the same time
		return v, nil, h.failed(ctx, doing, err)
	}
	return v, cancel, nil
}

// openedBody is an answer that ends its request when it is closed.
type openedBody struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

func (b *openedBody) Close() error {
	b.cancel(nil)
	return b.ReadCloser.Close()
}

// Conn is a connection that was upgraded from HTTP; see connect.Conn.
type Conn struct {
	*connect.Conn
	cancel context.CancelCauseFunc
}

// Close closes the connection, in both directions.
func (c *Conn) Close() error {
	defer c.cancel(nil)
	return c.Conn.Close()
}

// attempt calls f with a negotiated client. If the engine refuses the client's API version, because it was replaced by
// another, attempt negotiates again and calls f once more.
func attempt[T any](ctx context.Context, h *Host, f func(context.Context, engine.API) (T, error)) (T, error) {
	v, err := attemptOnce(ctx, h, f)
	if err != nil && connect.IsVersionRefusal(err.Error()) {
		h.forget()
		v, err = attemptOnce(ctx, h, f)
	}
	return v, err
}

func attemptOnce[T any](ctx context.Context, h *Host, f func(context.Context, engine.API) (T, error)) (T, error) {
	eng, err := h.engine(ctx)
	if err != nil {
		var none T
		return none, err
	}
	return f(ctx, eng)
}

// failed classifies an error and updates the host's health, unless the caller caused the error by ending ctx.
func (h *Host) failed(ctx context.Context, doing string, err error) error {
	classified := classify(ctx, h.name, doing, err)
	if ctx.Err() == nil && !h.ended() {
		h.measures.failed(classified)
	}
	kind := connect.FaultOf(classified)
	if kind != "" && kind != connect.FaultLocal && ctx.Err() == nil && !h.ended() && !errors.Is(classified, errKnownDown) {
		h.markFailing(kind)
	}
	return classified
}

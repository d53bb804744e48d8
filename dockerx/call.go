package dockerx

import (
	"context"
	"errors"
	"io"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
)

// There are three ways to call an engine, and each takes calls of its own part of engine.API, so that a wrong one
// doesn't compile:
//
//   - call, for reads: a question whose answer is read before it returns (list, inspect, info).
//   - change, for changes: the engine call of an operation, or of a change of images, volumes and networks.
//   - open and openConn, for follows: an answer or a connection that the caller uses at its own pace and closes. Only
//     opening it has a deadline.
//
// All of them classify what goes wrong and keep what it says of the host. attempt does neither: it is what they stand on.

// call makes one call to a host's engine inside limit, with a negotiated client, and classifies
// what goes wrong; doing says what it is for, as "list containers". An engine that was replaced
// by one of another version is asked once more. A host that is known to be down answers at once.
func call[T any](ctx context.Context, h *Host, doing string, limit time.Duration, f func(context.Context, engine.Reads) (T, error)) (T, error) {
	return callIn(ctx, h, h.reads, doing, limit, func(ctx context.Context, e engine.API) (T, error) { return f(ctx, e) })
}

// change is call for what changes something. It has slots of its own, so that long stops hold up no lists,
// and connect.ErrNotModified comes back as it is.
func change(ctx context.Context, h *Host, doing string, limit time.Duration, f func(context.Context, engine.Changes) error) error {
	_, err := callIn(ctx, h, h.acts, doing, limit, func(ctx context.Context, e engine.API) (struct{}, error) {
		return struct{}{}, f(ctx, e)
	})
	return err
}

// callIn is call and change, once a slot is free.
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

// open begins an answer that the caller reads at its own pace and closes. limit is the time for opening it; it lasts
// until it is closed or ctx ends. Errors are classified; those of reading are not. It takes no slot: what is followed is
// bounded where it is let in.
func open(ctx context.Context, h *Host, doing string, limit time.Duration, f func(context.Context, engine.Follows) (io.ReadCloser, error)) (io.ReadCloser, error) {
	body, cancel, err := begin(ctx, h, doing, limit, f)
	if err != nil {
		return nil, err
	}
	return &openedBody{body, cancel}, nil
}

// openConn is open for an engine call that takes over its connection.
func openConn(ctx context.Context, h *Host, doing string, limit time.Duration, f func(context.Context, engine.Follows) (*connect.Conn, error)) (*Conn, error) {
	conn, cancel, err := begin(ctx, h, doing, limit, f)
	if err != nil {
		return nil, err
	}
	return &Conn{conn, cancel}, nil
}

// begin is open and openConn. cancel ends what it returns.
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

// openedBody ends its request when it is closed.
type openedBody struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

func (b *openedBody) Close() error {
	b.cancel(nil)
	return b.ReadCloser.Close()
}

// Conn is a connection that an engine has taken over; see connect.Conn.
type Conn struct {
	*connect.Conn
	cancel context.CancelCauseFunc
}

// Close closes the connection, in both directions.
func (c *Conn) Close() error {
	defer c.cancel(nil)
	return c.Conn.Close()
}

// attempt calls f with a negotiated client. An engine that was replaced by one of another version is asked once more.
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

// failed classifies an error and keeps what it says of the host, unless it is the caller's doing.
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

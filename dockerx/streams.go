package dockerx

import (
	"context"
	"io"
	"time"
)

// openBody begins an answer that the caller reads at its own pace and closes. Only opening it has
// a deadline. Errors are classified; those of reading are not.
func (h *Host) openBody(ctx context.Context, doing string, limit time.Duration, open func(context.Context, Engine) (io.ReadCloser, error)) (io.ReadCloser, error) {
	inner, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(limit, func() { cancel(context.DeadlineExceeded) })
	body, err := attempt(inner, h, open)
	if !late.Stop() && err == nil {
		_ = body.Close()
		err = context.DeadlineExceeded
	}
	if err != nil {
		cancel(nil)
		return nil, h.failed(ctx, doing, err)
	}
	return &openedBody{body, cancel}, nil
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

// openEvents opens the daemon's event stream, replaying what its ring holds from since on
// (inclusive; zero: nothing). The version is negotiated anew: after a cut the daemon may be
// another one. The time is the daemon's, cut to the second.
func (h *Host) openEvents(ctx context.Context, since time.Time) (io.ReadCloser, time.Time, error) {
	var at time.Time
	if err := h.reconnect(ctx); err != nil {
		return nil, at, err
	}
	body, err := h.openBody(ctx, "open the event stream", h.readLimit, func(ctx context.Context, e Engine) (io.ReadCloser, error) {
		body, now, err := e.Events(ctx, since)
		at = now
		return body, err
	})
	return body, at, err
}

// reconnect negotiates anew, whether the host is known to be down or not.
func (h *Host) reconnect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, h.pingLimit)
	defer cancel()
	_, err := h.connect(ctx)
	return classify(ctx, h.name, "ping", err)
}

// pingEvents asks the daemon for a sign of life and its time, cut to the second.
func (h *Host) pingEvents(caller context.Context) (time.Time, error) {
	if h.knownDown() != nil {
		if err := h.reconnect(caller); err != nil {
			return time.Time{}, err
		}
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(caller, h.pingLimit)
	defer cancel()
	at, err := attempt(ctx, h, func(ctx context.Context, e Engine) (time.Time, error) { return e.Alive(ctx) })
	if err != nil {
		return at, h.failed(caller, "ping", err)
	}
	h.answered(began)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.info.Latency = time.Since(began)
	return at, nil
}

// listForEvents is the daemon's list as it is now, whatever List keeps.
func (h *Host) listForEvents(ctx context.Context) ([]Container, error) {
	took := h.sampler.Expect()
	list, err := h.readList(ctx)
	if err != nil {
		took(ctx, nil, err)
		return nil, err
	}
	h.labels.learn(list.Containers)
	took(ctx, usageRows(list.Containers), nil)
	return list.Containers, nil
}

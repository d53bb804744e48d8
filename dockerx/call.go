package dockerx

import (
	"context"
	"errors"
	"time"
)

// Which of these to use: call for a question whose answer is read before it returns (list, inspect,
// info), change for what changes something, openBody (streams.go) for an answer that the caller reads at its
// own pace. All three classify what goes wrong and remember what it says of the host; attempt does
// neither, and is for what asks whether the host answers at all.

// call makes one call to a host's daemon inside limit, with a negotiated client, and classifies
// what goes wrong; doing says what it is for, as "list containers". A daemon that was replaced
// by one of another version is asked once more. A host that is known to be down answers at once.
func call[T any](ctx context.Context, h *Host, doing string, limit time.Duration, f func(context.Context, Engine) (T, error)) (T, error) {
	return callIn(ctx, h, h.reads, doing, limit, f)
}

func callIn[T any](ctx context.Context, h *Host, slots chan struct{}, doing string, limit time.Duration, f func(context.Context, Engine) (T, error)) (T, error) {
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-inner.Done():
		var none T
		return none, classify(ctx, h.name, doing, inner.Err())
	}
	v, err := attempt(inner, h, f)
	if err != nil && isVersionRefusal(err.Error()) {
		h.forget()
		v, err = attempt(inner, h, f)
	}
	if err == nil {
		h.markUp()
		return v, nil
	}
	if errors.Is(err, errNotModified) {
		h.markUp()
		return v, err
	}
	return v, h.failed(ctx, doing, err)
}

// failed classifies an error and remembers what it says of the host, unless it is the caller's doing.
func (h *Host) failed(ctx context.Context, doing string, err error) error {
	said := classify(ctx, h.name, doing, err)
	kind := FaultOf(said)
	if kind != "" && kind != FaultLocal && ctx.Err() == nil && !h.ended() && !errors.Is(said, errKnownDown) {
		h.markFailing(kind)
	}
	return said
}

func attempt[T any](ctx context.Context, h *Host, f func(context.Context, Engine) (T, error)) (T, error) {
	eng, err := h.engine(ctx)
	if err != nil {
		var none T
		return none, err
	}
	return f(ctx, eng)
}

// change is call for what changes something. It has slots of its own, so that long stops hold up no lists,
// and errNotModified comes back as it is.
func change(ctx context.Context, h *Host, doing string, limit time.Duration, f func(context.Context, Engine) error) error {
	_, err := callIn(ctx, h, h.acts, doing, limit, func(ctx context.Context, e Engine) (struct{}, error) {
		return struct{}{}, f(ctx, e)
	})
	return err
}

package dockerx

import (
	"context"
	"time"

	"wharf/util/apperr"
)

// call makes one call to a host's daemon inside limit, with a negotiated client, and classifies
// what goes wrong; doing says what it is for, as "list containers". A daemon that was replaced
// by one of another version is asked once more.
func call[T any](ctx context.Context, h *Host, doing string, limit time.Duration, f func(context.Context, Engine) (T, error)) (T, error) {
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	v, err := attempt(inner, h, f)
	if err != nil && isVersionRefusal(err.Error()) {
		h.forget()
		v, err = attempt(inner, h, f)
	}
	if err == nil {
		return v, nil
	}
	return v, h.failed(ctx, doing, err)
}

// failed classifies an error and remembers what it says of the host.
func (h *Host) failed(ctx context.Context, doing string, err error) error {
	err = classify(ctx, h.name, doing, err)
	if apperr.KindOf(err) == apperr.Unavailable {
		h.forget()
	}
	return err
}

func attempt[T any](ctx context.Context, h *Host, f func(context.Context, Engine) (T, error)) (T, error) {
	eng, err := h.engine(ctx)
	if err != nil {
		var none T
		return none, err
	}
	return f(ctx, eng)
}

// do is call for what gives nothing back but an error.
func do(ctx context.Context, h *Host, doing string, limit time.Duration, f func(context.Context, Engine) error) error {
	_, err := call(ctx, h, doing, limit, func(ctx context.Context, e Engine) (struct{}, error) {
		return struct{}{}, f(ctx, e)
	})
	return err
}

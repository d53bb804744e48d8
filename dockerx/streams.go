package dockerx

import (
	"context"
	"io"
	"time"
)

// openEvents opens the daemon's event stream, replaying what its ring holds from since on
// (inclusive; zero: nothing). The version is negotiated anew: after a cut the daemon may be
// another one. The time is the daemon's, cut to the second. Only opening has a deadline.
func (h *Host) openEvents(ctx context.Context, since time.Time) (io.ReadCloser, time.Time, error) {
	caller := ctx
	ctx, cancel := context.WithCancel(ctx)
	late := time.AfterFunc(readTimeout, cancel)
	stream := &eventBody{cancel: cancel}
	eng, err := h.connect(ctx)
	if err == nil {
		stream.ReadCloser, stream.at, err = eng.Events(ctx, since)
	}
	if err != nil || !late.Stop() {
		cancel()
		if err == nil {
			_ = stream.ReadCloser.Close()
			err = context.DeadlineExceeded
		}
		return nil, time.Time{}, classify(caller, h.name, "open the event stream", err)
	}
	return stream, stream.at, nil
}

// eventBody ends its request when it is closed.
type eventBody struct {
	io.ReadCloser
	at     time.Time
	cancel context.CancelFunc
}

func (s *eventBody) Close() error {
	s.cancel()
	return s.ReadCloser.Close()
}

// pingEvents asks the daemon for a sign of life and its time, cut to the second.
func (h *Host) pingEvents(ctx context.Context) (time.Time, error) {
	return call(ctx, h, "ping", pingTimeout, func(ctx context.Context, e Engine) (time.Time, error) {
		return e.Alive(ctx)
	})
}

// listForEvents is the daemon's list as it is now, whatever List keeps.
func (h *Host) listForEvents(ctx context.Context) ([]Container, error) {
	list, err := call(ctx, h, "list containers", readTimeout, readList)
	if err != nil {
		return nil, err
	}
	return list.Containers, nil
}

package dockerx

import (
	"context"

	"wharf/util/recentset"
)

// runEvents reads the host's events until ctx ends, whatever happens to the daemon.
func (h *Host) runEvents(ctx context.Context) error {
	r := &eventReader{host: h.name, src: h, seen: recentset.New[int64](seenMax), emit: h.onEvent, room: h.opts.EventQueueBytes, up: h.setStreamUp, log: h.log}
	if h.opts.Resume != nil {
		r.resume = func(ctx context.Context) (Resume, error) { return h.opts.Resume(ctx, h.name) }
	}
	return r.run(ctx)
}

package events

import (
	"context"
	"time"

	"wharf/dockerx/connect"
)

// watch pings the engine regularly, and cancels the stream after two unanswered pings in a row. Without pings, a quiet engine
// can't be distinguished from one that hangs or is gone.
func (r *Reader) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for misses := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		pingCtx, stop := context.WithTimeout(ctx, pingLimit)
		_, err := r.opts.Source.Ping(pingCtx)
		stop()
		switch {
		case err == nil:
			misses = 0
			continue
		case connect.FaultOf(err) == connect.FaultLocal: // the fault is on wharf's side
			continue
		}
		if misses++; misses >= pingMisses {
			cancel(errMute)
			return
		}
	}
}

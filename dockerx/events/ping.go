package events

import (
	"context"
	"time"

	"wharf/dockerx/connect"
)

// watch pings the engine beside the stream, which alone doesn't distinguish a quiet engine from a mute
// or vanished one, and cuts the stream after two misses.
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
		case connect.FaultOf(err) == connect.FaultLocal: // says nothing of the engine
			continue
		}
		if misses++; misses >= pingMisses {
			cancel(errMute)
			return
		}
	}
}

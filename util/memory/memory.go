// Package memory keeps the memory that the process holds close to the memory that it uses.
//
// Go lets garbage grow to the size of the live heap, and returns freed memory to the system over minutes. Without a bound, a few
// logins, each of which fills 19 MiB to hash a password, or a start that reads a long log leave a small process with 300 MiB.
package memory

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// every is the interval between updates of the limit.
	every = time.Second
	// spare is about how many bytes the runtime uses for itself.
	spare = 32 << 20
)

// Bound limits Go's memory to least bytes, or to about 1.5 times the memory in use if that is more, so that it doesn't slow down a
// process that needs much memory. When ctx ends, it removes the limit and returns nil. If GOMEMLIMIT sets another limit, it
// returns nil immediately.
func Bound(ctx context.Context, least int64) error {
	set := debug.SetMemoryLimit(-1)
	if set != math.MaxInt64 {
		return nil
	}
	defer debug.SetMemoryLimit(math.MaxInt64)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		// Only on larger changes: setting the limit briefly stops all goroutines.
		if limit := limitFor(least, inUse()); limit > set || limit < set-set/8 {
			debug.SetMemoryLimit(limit)
			set = limit
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// limitFor returns the limit of a process that uses used bytes.
func limitFor(least, used int64) int64 { return max(least, used+used/2+spare) }

// inUse returns the size in bytes of the live heap at the latest collection and of the goroutines' stacks.
func inUse() (bytes int64) {
	read := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(read)
	for _, s := range read {
		if s.Value.Kind() == metrics.KindUint64 {
			bytes += int64(s.Value.Uint64()) //nolint:gosec // a size of memory fits
		}
	}
	return bytes
}

// Package memory keeps what the process holds of the system's memory near what it uses.
//
// Go lets garbage grow to the size of what is in use, and gives what it has freed back to the system over minutes. A few logins,
// each of which fills 19 MiB for its password, or a start that reads a long log leave a small process with 300 MiB.
package memory

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// every is the time between two looks at what is in use.
	every = time.Second
	// spare is what the runtime takes for itself, in bytes, about.
	spare = 32 << 20
)

// Bound has Go collect and give back before it holds more than least bytes, or twice what is in use where that is more: a process
// that needs much isn't slowed down by it. It returns when ctx has ended and takes the bound back; where GOMEMLIMIT sets
// another one, it returns at once.
func Bound(ctx context.Context, least int64) error {
	set := debug.SetMemoryLimit(-1)
	if set != math.MaxInt64 {
		return nil
	}
	defer debug.SetMemoryLimit(math.MaxInt64)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		// Setting it halts all goroutines for a moment.
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

// limitFor is the bound of a process that uses so many bytes.
func limitFor(least, used int64) int64 { return max(least, 2*used+spare) }

// inUse is what the latest collection found to be in use, and the goroutines' stacks, in bytes.
func inUse() (bytes int64) {
	read := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(read)
	for _, s := range read {
		if s.Value.Kind() == metrics.KindUint64 {
			bytes += int64(s.Value.Uint64()) //nolint:gosec // of memory
		}
	}
	return bytes
}

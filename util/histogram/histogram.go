// Package histogram counts durations in fixed buckets, without locks and without memory of its own for each observation.
package histogram

import (
	"sync/atomic"
	"time"
)

// Histogram counts observed durations. Make it with New; it is safe for concurrent use.
type Histogram struct {
	bounds []time.Duration
	counts []atomic.Uint64 // one more than bounds: the last one has what exceeds them all
	sum    atomic.Int64    // nanoseconds
}

// New returns a histogram whose buckets end at bounds, which rise. The bounds are shared, not copied.
func New(bounds []time.Duration) *Histogram {
	return &Histogram{bounds: bounds, counts: make([]atomic.Uint64, len(bounds)+1)}
}

// Observe counts a duration.
func (h *Histogram) Observe(d time.Duration) {
	i := 0
	for i < len(h.bounds) && d > h.bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(int64(d))
}

// Snapshot is what a histogram has counted.
type Snapshot struct {
	Bounds     []time.Duration // must not be changed
	Cumulative []uint64        // observations up to each bound
	Count      uint64
	Sum        time.Duration
}

// Read returns the counts. Its sum may lack observations that are made meanwhile.
func (h *Histogram) Read() Snapshot {
	s := Snapshot{Bounds: h.bounds, Cumulative: make([]uint64, len(h.bounds)), Sum: time.Duration(h.sum.Load())}
	for i := range h.counts {
		s.Count += h.counts[i].Load()
		if i < len(h.bounds) {
			s.Cumulative[i] = s.Count
		}
	}
	return s
}

// Package histogram counts durations in fixed buckets, without locks and without an allocation per observation.
package histogram

import (
	"sync/atomic"
	"time"
)

// Histogram counts observed durations. Create it with New; it is safe for concurrent use.
type Histogram struct {
	bounds []time.Duration
	counts []atomic.Uint64 // one more than bounds: the last one counts durations above all bounds
	sum    atomic.Int64    // nanoseconds
}

// New returns a histogram with buckets up to bounds, which must ascend. The slice isn't copied and must not be changed.
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

// Snapshot has the counts of a histogram at one time.
type Snapshot struct {
	Bounds     []time.Duration // must not be changed
	Cumulative []uint64        // observations up to each bound
	Count      uint64
	Sum        time.Duration
}

// Read returns the counts. Sum may miss observations that are made during the call.
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

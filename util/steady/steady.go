// Package steady decides whether the wall clock can be trusted when old data is about to be deleted.
//
// A clock that jumps ahead makes all data look old, and deleted data stays lost after the clock is corrected. A Clock compares
// the wall clock with the monotonic clock, which can't be set, and trusts it only after the two have agreed for an hour since
// the start of the process and since the last jump.
package steady

import (
	"sync"
	"time"
)

const (
	// trial is how long the two clocks must have agreed.
	trial = time.Hour
	// drift is how far the wall clock may move between two checks. A time service that slews the clock moves it less.
	drift = 10 * time.Second
)

// Clock checks the wall clock. The zero value is ready for use. It is safe for concurrent use.
type Clock struct {
	// Now reads the wall clock and the monotonic clock. Nil: the system's.
	Now func() (wall time.Time, steady time.Duration)
	// Jumped, if set, is called at each jump of the wall clock, with the distance; negative means back.
	Jumped func(by time.Duration)

	mu     sync.Mutex
	begun  bool
	offset time.Duration // wall minus monotonic at the last check
	since  time.Duration // monotonic time since which the clocks agree
}

var start = time.Now()

func system() (time.Time, time.Duration) {
	now := time.Now()
	return now.Round(0), now.Sub(start)
}

// Believed returns the wall clock's time and reports whether it can be trusted. It must be called at least every few minutes.
// A jump ahead and back between two calls goes unnoticed and does no harm.
func (c *Clock) Believed() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	read := c.Now
	if read == nil {
		read = system
	}
	wall, steady := read()
	offset := wall.Sub(time.Unix(0, 0)) - steady
	by := offset - c.offset
	switch {
	case !c.begun:
		c.begun, c.since = true, steady
	case by > drift || by < -drift:
		c.since = steady
		if c.Jumped != nil {
			c.Jumped(by)
		}
	}
	c.offset = offset
	return wall, steady-c.since >= trial
}

// Trusting returns a Clock that trusts the system's clock from the start, for tests.
func Trusting() *Clock {
	hour := trial
	return &Clock{begun: true, since: -hour, Now: func() (time.Time, time.Duration) {
		wall := time.Now().Round(0)
		return wall, wall.Sub(time.Unix(0, 0))
	}}
}

package dockerx

import (
	"context"
	"strings"
	"sync"
	"time"

	"wharf/dockerx/connect"
)

// listMaxAge bounds how long a list is kept even if nothing happens: its status texts ("Up 5
// seconds") age by themselves.
const listMaxAge = time.Second

// listCache shares one reading of the list between callers at the same time, and keeps it
// while it is still true. An engine manages some 40 lists of 200 containers a second.
type listCache struct {
	mu      sync.Mutex
	era     uint64 // counts what made lists untrue
	kept    *List
	keptEra uint64
	keptAt  time.Time
	flight  *listFlight
}

// listFlight is a reading under way.
type listFlight struct {
	era  uint64
	done chan struct{}
	list *List
	err  error
}

// List returns the host's containers: the list kept, if the host's events say that it is still
// true, else a new one. Errors: apperr.Unavailable, apperr.Daemon.
func (h *Host) List(ctx context.Context) (*List, error) {
	flight, list := h.lists.join(h)
	if list != nil {
		return list, nil
	}
	select {
	case <-flight.done:
		return flight.list, flight.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join returns the list kept or the reading to wait for, which it begins if there is none that
// began after the last change.
func (c *listCache) join(h *Host) (*listFlight, *List) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept != nil && c.keptEra == c.era && time.Since(c.keptAt) < listMaxAge && h.streamUp() {
		return nil, c.kept
	}
	if c.flight != nil && c.flight.era == c.era {
		return c.flight, nil
	}
	flight := &listFlight{era: c.era, done: make(chan struct{})}
	if !h.spawn(func() { c.fly(h, flight) }) {
		flight.err = unreachable(h.name, connect.FaultRefused, time.Time{}, context.Canceled)
		close(flight.done)
		return flight, nil
	}
	c.flight = flight
	return flight, nil
}

// fly reads the list for the callers that wait, now or later; none of them ends it by leaving.
func (c *listCache) fly(h *Host, flight *listFlight) {
	began := time.Now()
	flight.list, flight.err = h.readList(h.life)
	if flight.err == nil {
		h.labels.learn(flight.list.Containers)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight == flight {
		c.flight = nil
	}
	if flight.err == nil && flight.era == c.era {
		c.kept, c.keptEra, c.keptAt = flight.list, flight.era, began
	}
	close(flight.done)
}

// drop throws the list away, and with it readings that began before.
func (c *listCache) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.era++
	c.kept = nil
}

// counts returns how many containers are in each state, nil where that isn't known for sure.
func (c *listCache) counts() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || c.keptEra != c.era {
		return nil
	}
	return countStates(c.kept)
}

// changesList reports whether an event makes a list untrue. Podman's words stand beside Docker's.
func changesList(e Event) bool {
	if e.Kind == KindState {
		return false
	}
	if e.Kind != KindDocker {
		return true
	}
	if e.Type != "container" {
		return false
	}
	action, _, _ := strings.Cut(e.Action, ":")
	switch action {
	case "create", "start", "die", "died", "stop", "pause", "unpause", "rename", "destroy", "remove", "cleanup",
		"update", "health_status", "restart":
		return true
	}
	return false
}

package dockerx

import (
	"context"
	"io"
	"strings"
	"sync"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
	"wharf/dockerx/events"
)

// listMaxAge bounds how long a list is kept even if nothing happens: its status texts ("Up 5
// seconds") age by themselves.
const listMaxAge = time.Second

// List returns the host's containers: the list kept, if the host's events say that it is still
// true, else a new one: an engine manages some 40 lists of 200 containers a second. Errors: apperr.Unavailable,
// apperr.Daemon.
func (h *Host) List(ctx context.Context) (*List, error) {
	return h.lists.get(ctx, h, h.learnList)
}

// KeptList returns the list that is kept, whatever its age, while the host's events say that it is still true but for its
// status texts; else nil. See List.Aged.
func (h *Host) KeptList() *List {
	if !h.streamUp() {
		return nil
	}
	return h.lists.still()
}

// learnList reads the list, and learns the containers' labels.
func (h *Host) learnList(ctx context.Context) (*List, error) {
	list, err := h.readList(ctx)
	if err == nil {
		h.labels.learn(list.Containers)
	}
	return list, err
}

// keptCounts returns how many containers are in each state, nil where that isn't known for sure.
func (h *Host) keptCounts() map[string]int {
	list := h.lists.still()
	if list == nil {
		return nil
	}
	return countStates(list)
}

// changesList reports whether an event makes a list untrue. Podman's words stand beside Docker's.
func changesList(e events.Event) bool {
	if e.Kind == events.KindState {
		return false
	}
	if e.Kind != events.KindDocker {
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

// How reading lists is kept cheap on an engine whose lists are wrong. A list that can't be read is tried
// again at once, then after 500 ms, twice as long each time up to 5 s, and not before its bytes are paid for: reading
// and decoding a byte costs some 10 ns, so that listRate keeps a host below 3 % of a core.
const (
	listRetry    = 500 * time.Millisecond
	maxListRetry = 5 * time.Second
	listRate     = 2 << 20 // bytes a second
	// listFloor is what a list may have at least, however small the host's lists were: about 4,000 containers
	// that may come at once.
	listFloor = 4 << 20
	// listGrowth is how many times the largest list so far the next one may have.
	listGrowth = 4
	// listDoubts is how many lists in a row may be too large before twice as much is read: a host may have grown beyond
	// all that it ever had while its list wasn't read.
	listDoubts = 5
)

// listGuard bounds what reading a host's list may cost: how much of an answer is read, and how soon
// after a list that could not be read. The zero value is ready. It is safe for concurrent use.
type listGuard struct {
	mu      sync.Mutex
	largest int64 // bytes of the largest list that was read to its end; 0: none was
	faults  int   // lists in a row that could not be read
	larger  int   // lists in a row that were too large
	until   time.Time
	err     error // why, while until is ahead
}

// refusal returns why no list is asked for now, nil if one may be.
func (g *listGuard) refusal() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil || !time.Now().Before(g.until) {
		return nil
	}
	return g.err
}

// limit is how many bytes of the next list are read at most.
func (g *listGuard) limit() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bound()
}

// bound is limit. mu is held.
func (g *listGuard) bound() int64 {
	if g.largest == 0 {
		return engine.MaxList
	}
	return min(max(listGrowth*g.largest, listFloor)<<min(g.larger/listDoubts, 10), engine.MaxList)
}

// done records how reading a list of so many bytes went. An err of nil ends the waiting.
func (g *listGuard) done(bytes int64, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		g.largest, g.faults, g.larger, g.err = max(g.largest, bytes), 0, 0, nil
		return
	}
	wait := time.Duration(bytes) * time.Second / listRate
	if g.faults > 0 {
		wait = max(wait, min(listRetry<<min(g.faults-1, 10), maxListRetry))
	}
	if bytes > g.bound() {
		g.larger++
	}
	g.faults++
	g.until, g.err = time.Now().Add(wait), err
}

// countedBody counts what is read, and gives connect.ErrTooLarge beyond limit bytes.
type countedBody struct {
	r     io.Reader
	limit int64
	bytes int64
}

func (c *countedBody) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.bytes += int64(n); c.bytes > c.limit {
		return 0, connect.ErrTooLarge
	}
	return n, err
}

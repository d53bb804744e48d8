package containers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
)

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

// Guard bounds what reading a host's list may cost: how much of an answer is read, and how soon
// after a list that could not be read. The zero value is ready. It is safe for concurrent use.
type Guard struct {
	mu      sync.Mutex
	largest int64 // bytes of the largest list that was read to its end; 0: none was
	faults  int   // lists in a row that could not be read
	larger  int   // lists in a row that were too large
	until   time.Time
	err     error // why, while until is ahead
}

// Refusal returns why no list is asked for now, nil if one may be.
func (g *Guard) Refusal() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil || !time.Now().Before(g.until) {
		return nil
	}
	return g.err
}

// Limit is how many bytes of the next list are read at most.
func (g *Guard) Limit() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bound()
}

// bound is Limit. mu is held.
func (g *Guard) bound() int64 {
	if g.largest == 0 {
		return engine.MaxList
	}
	return min(max(listGrowth*g.largest, listFloor)<<min(g.larger/listDoubts, 10), engine.MaxList)
}

// done records how reading a list of so many bytes went. An err of nil ends the waiting.
func (g *Guard) done(bytes int64, err error) {
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

// ReadGuarded reads a list with decode, no further than the guard has it, and closes it. The guard keeps how that went; what
// classify makes of an error is what Refusal then returns.
func ReadGuarded[T any](g *Guard, body io.ReadCloser, decode func(io.Reader) (T, error), classify func(error) error) (T, error) {
	counted := &countedBody{r: body, limit: g.Limit()}
	list, err := decode(counted)
	if err != nil {
		_ = body.Close()
		err = &connect.FaultError{Kind: connect.KindOf(err), Err: fmt.Errorf("read the list: %w", err)}
		if !errors.Is(err, context.Canceled) { // that is the caller's end, not a fault of the list
			g.done(counted.bytes, classify(err))
		}
		var none T
		return none, err
	}
	_ = connect.Finish(body)
	g.done(counted.bytes, nil)
	return list, nil
}

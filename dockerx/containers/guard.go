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

// These bound the cost of an engine whose lists are invalid. After the first list that can't be read, the next is read at
// once; after that the pause is 500 ms, and doubles each time up to 5 s. A pause is at least so long that listRate is kept:
// reading and decoding a byte takes about 10 ns, so that a host costs less than 3 % of a core.
const (
	listRetry    = 500 * time.Millisecond
	maxListRetry = 5 * time.Second
	listRate     = 2 << 20 // bytes a second
	// listFloor is the lowest limit of a list, even if the host's lists were small: it allows for about 4,000 new
	// containers.
	listFloor = 4 << 20
	// listGrowth: the next list may be listGrowth times as large as the largest so far.
	listGrowth = 4
	// listsTooLarge is how many lists in a row must be too large before the limit is doubled: the host may have grown that
	// much while its list wasn't read.
	listsTooLarge = 5
)

// Guard bounds the cost of reading a host's list: how much of an answer is read, and how soon the list is read again after
// a failure. The zero value is ready. It is safe for concurrent use.
type Guard struct {
	mu      sync.Mutex
	largest int64 // bytes of the largest list that was read completely; 0: none yet
	faults  int   // lists in a row that could not be read
	larger  int   // lists in a row that were too large
	until   time.Time
	err     error // why no list may be read before until
}

// Refusal returns the error for a list that may not be read now, or nil if it may.
func (g *Guard) Refusal() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil || !time.Now().Before(g.until) {
		return nil
	}
	return g.err
}

// Limit returns the maximum number of bytes of the next list.
func (g *Guard) Limit() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bound()
}

// bound implements Limit. The caller holds mu.
func (g *Guard) bound() int64 {
	if g.largest == 0 {
		return engine.MaxList
	}
	return min(max(listGrowth*g.largest, listFloor)<<min(g.larger/listsTooLarge, 10), engine.MaxList)
}

// done records the result of reading a list of so many bytes. A nil err ends the pause.
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

// countedBody counts the bytes read, and returns connect.ErrTooLarge beyond limit.
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

// ReadGuarded reads a list with decode, up to the guard's limit, and closes body. The guard records the result: after an
// error, Refusal returns it as classified by classify.
func ReadGuarded[T any](g *Guard, body io.ReadCloser, decode func(io.Reader) (T, error), classify func(error) error) (T, error) {
	counted := &countedBody{r: body, limit: g.Limit()}
	list, err := decode(counted)
	if err != nil {
		_ = body.Close()
		err = &connect.FaultError{Kind: connect.KindOf(err), Err: fmt.Errorf("read the list: %w", err)}
		if !errors.Is(err, context.Canceled) { // the caller ended it: no fault of the list
			g.done(counted.bytes, classify(err))
		}
		var none T
		return none, err
	}
	_ = connect.Finish(body)
	g.done(counted.bytes, nil)
	return list, nil
}

package dockerx

import (
	"context"
	"sync"
	"time"

	"wharf/dockerx/events"
	"wharf/dockerx/operations"
)

// tracePatience is how long an operation waits for its own event, which engines write before they answer: it is on
// its way already. After that one inspect costs less.
const tracePatience = 50 * time.Millisecond

// trace is what the host's events say of one container while an operation on it is under way: a success that doesn't
// last ("start" of a container that ends at once) is seen without asking the engine. The events of a host come in the
// order in which the engine wrote them.
type trace struct {
	id    string
	last  string        // the action of the container's last event that changes its state
	moved chan struct{} // holds a token after an event
}

// traces are those under way on a host. It is safe for concurrent use; the zero value is ready.
type traces struct {
	mu       sync.Mutex
	all      map[*trace]struct{}
	patience time.Duration // zero: tracePatience
}

// begin starts a trace. end must follow.
func (ts *traces) begin(id string) *trace {
	t := &trace{id: id, moved: make(chan struct{}, 1)}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.all == nil {
		ts.all = map[*trace]struct{}{}
	}
	ts.all[t] = struct{}{}
	return t
}

func (ts *traces) end(t *trace) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	delete(ts.all, t)
}

// onEvent takes in an event of the host.
func (ts *traces) onEvent(e events.Event) {
	if e.Kind != events.KindDocker || e.Type != "container" {
		return
	}
	if state, gone := events.StateAfter(e.Action); state == "" && !gone {
		return
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for t := range ts.all {
		if t.id != e.ActorID {
			continue
		}
		t.last = e.Action
		select {
		case t.moved <- struct{}{}:
		default:
		}
	}
}

// confirm reports whether the events say that the operation has left the state that its row names: the operation's
// last event came, and none that changes the state after it.
func (ts *traces) confirm(ctx context.Context, t *trace, row *operations.Row, reading func() bool) bool {
	patience := ts.patience
	if patience == 0 {
		patience = tracePatience
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	for reading() {
		ts.mu.Lock()
		last := t.last
		ts.mu.Unlock()
		if last == row.End() {
			return true
		}
		select {
		case <-t.moved:
		case <-late.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return false
}

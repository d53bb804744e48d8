package dockerx

import (
	"context"
	"sync"
	"time"

	"wharf/dockerx/events"
	"wharf/dockerx/operations"
)

// tracePatience is how long an operation waits for its own event. Engines write the event before they answer, so it is on
// its way already; after tracePatience an inspect is cheaper than waiting on.
const tracePatience = 50 * time.Millisecond

// trace records a container's events while an operation on it is in progress. It shows, without a request to the engine,
// whether the new state lasts: a container may end as soon as it is started. A host's events come in the order in which the
// engine wrote them.
type trace struct {
	id    string
	last  string        // the action of the last event that changed the container's state
	moved chan struct{} // holds a token after an event
}

// traces holds a host's active traces. It is safe for concurrent use; the zero value is ready.
type traces struct {
	mu       sync.Mutex
	all      map[*trace]struct{}
	patience time.Duration // zero: tracePatience
}

// begin starts a trace of a container. The caller must call end.
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

// onEvent records an event of the host in the traces of its container.
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

// confirm waits for the operation's last event, and reports whether it came without a later event that changes the state:
// then the container is in the state that the operation's row names. reading reports whether events are being read.
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

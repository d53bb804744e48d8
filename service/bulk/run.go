package bulk

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"wharf/dockerx/containers"
	"wharf/dockerx/operations"
	"wharf/service"
	"wharf/util/apperr"
)

const (
	// cancelPoll is the interval at which cancellations by other replicas are read.
	cancelPoll = time.Second
	// closePatience is how long Close waits for the containers under way.
	closePatience = time.Second
)

// run is an operation that this process runs.
type run struct {
	id      uuid.UUID
	actor   service.Actor
	request Request
	targets []service.HostedContainer

	cancelOnce sync.Once
	cancelled  chan struct{}

	mu      sync.Mutex
	changed chan struct{} // closed at the next change
}

// outcome is how the operation on one container ended.
type outcome struct {
	position int
	result   operations.Result
	err      error
}

func newRun(id uuid.UUID, actor service.Actor, r Request, targets []service.HostedContainer) *run {
	return &run{id: id, actor: actor, request: r, targets: targets, cancelled: make(chan struct{}), changed: make(chan struct{})}
}

func (j *run) cancel() { j.cancelOnce.Do(func() { close(j.cancelled) }) }

// notify wakes the calls of Follow.
func (j *run) notify() {
	j.mu.Lock()
	defer j.mu.Unlock()
	close(j.changed)
	j.changed = make(chan struct{})
}

func (j *run) next() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.changed
}

// carryOut runs an operation until it or the server ends.
func (b *Bulk) carryOut(ctx context.Context, j *run) {
	defer b.leave(j)
	defer j.notify()
	s := newSchedule(&j.request, j.targets)
	outcomes := make(chan outcome, len(j.targets))
	poll := time.NewTicker(cancelPoll)
	defer poll.Stop()
	var (
		state          = StateSucceeded
		failed, ended  int
		closing, calls = b.closing, j.cancelled
		late           <-chan time.Time
		stop           bool
	)
	for {
		for !stop {
			position, ok := s.next()
			if !ok {
				break
			}
			b.begin(ctx, j, position)
			go func() { outcomes <- b.operate(ctx, j, position) }()
		}
		if len(s.running) == 0 {
			break
		}
		select {
		case o := <-outcomes:
			s.end(o.position)
			ended++
			if !b.end(ctx, j, o, ended) {
				failed++
				stop = stop || j.request.StopAfter > 0 && failed >= j.request.StopAfter
			}
		case <-calls:
			state, stop, calls = StateCancelled, true, nil
		case <-poll.C:
			if b.isCancelled(ctx, j.id) {
				j.cancel()
			}
		case <-closing:
			state, stop, closing = StateInterrupted, true, nil
			late = time.After(closePatience)
		case <-late:
			b.finish(ctx, j, StateInterrupted)
			return
		}
	}
	if state == StateSucceeded && failed > 0 {
		state = StateFailed
	}
	b.finish(ctx, j, state)
}

// operate runs the operation on one container, with the user's current rights.
func (b *Bulk) operate(ctx context.Context, j *run, position int) outcome {
	result, err := b.operateOn(ctx, j, &j.targets[position])
	if err == nil && !result.Reached {
		err = apperr.New(apperr.Conflict, "it is not %s: %s", j.request.Operation.Wait, result.After.Describe())
	}
	return outcome{position, result, err}
}

func (b *Bulk) operateOn(ctx context.Context, j *run, c *service.HostedContainer) (none operations.Result, err error) {
	actor, err := b.sessions.Renewed(ctx, j.actor)
	if err != nil {
		return none, err
	}
	h, err := b.hosts.Open(ctx, actor, c.Host, service.PermissionOf(j.request.Operation.Name))
	if err != nil {
		return none, err
	}
	ref, err := containers.ParseRef(c.ID)
	if err != nil {
		return none, fmt.Errorf("a listed container's id: %w", err)
	}
	return h.PartOf(j.id).Operate(ctx, ref, j.request.Operation)
}

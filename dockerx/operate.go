package dockerx

import (
	"context"
	"errors"
	"strings"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
	"wharf/util/apperr"
)

// Operation asks for a change of one container.
type Operation struct {
	Name   string // of a row of the table
	Params Params // of the type that the row takes; nil: none of them given
	// Strict makes it a Conflict, in the words of Docker's API, that there was nothing to do. Its Result says nothing
	// of the state afterwards, so that nothing is asked for it.
	Strict bool
	// Wait is what to wait for afterwards: "" (nothing), running, healthy or exited.
	Wait  string
	Limit time.Duration // of the wait; 30 s when zero, 5 min at most
}

// Result is what came of an Operation.
type Result struct {
	Changed bool  // false: it was so already
	Before  State // as the operation found it
	After   State // as the operation left it; zero where nothing is left
	// Reached reports whether what was waited for came about; true where nothing was.
	Reached bool
	// NewID is the id of the container that recreate made; empty for other operations.
	NewID string
}

const (
	defaultWait = 30 * time.Second
	maxWait     = 5 * time.Minute
)

// check refuses an operation that makes no sense, before any engine hears of it.
func (o Operation) check(row *operation, d *Details) error {
	switch {
	case !engine.IsID(d.ID):
		return apperr.New(apperr.Invalid, "not a whole container id")
	case o.Limit < 0 || o.Limit > maxWait:
		return apperr.New(apperr.Invalid, "limit: expected at most %s", maxWait)
	case row.outcome == replaced && o.Wait == waitExited:
		return apperr.New(apperr.Invalid, "wait: expected running or healthy")
	case o.Wait != "" && (conditions[o.Wait] == nil || row.outcome == removed):
		return apperr.New(apperr.Invalid, "wait: expected running, healthy or exited")
	case o.Wait == waitHealthy && row.outcome != replaced && d.State.Health == "" && !d.HealthCheck:
		return apperr.New(apperr.Invalid, "wait: the container has no health check")
	}
	return nil
}

// Operate carries out an operation on a container that Resolve found: no inspect before the call, since d is
// one, and at most one after it, where neither the call's answer nor the host's events tell the state. What was there
// already is no error unless Strict: Changed is false. What was sent is not undone when ctx ends; waiting ends with it.
// Errors: apperr.Invalid, Conflict (the engine's words), NotFound, Unavailable, Daemon.
func (h *Host) Operate(ctx context.Context, d *Details, o Operation) (Result, error) {
	row := operationNamed(o.Name)
	if row == nil {
		return Result{}, apperr.New(apperr.Invalid, "unknown operation")
	}
	params, err := row.call.of(o)
	if err != nil {
		return Result{}, err
	}
	if err := errors.Join(o.check(row, d), ctx.Err()); err != nil {
		return Result{}, err
	}
	if row.nothing != nil && row.nothing(d, params) {
		return h.lookAfter(ctx, d, row, o, connect.ErrNotModified, nil)
	}
	seen := h.traces.begin(d.ID)
	defer h.traces.end(seen)
	err = change(context.WithoutCancel(ctx), h, row.doing, row.deadline(d, params), func(ctx context.Context, e engine.Changes) error {
		return row.call.do(ctx, e, d.ID, params)
	})
	h.lists.drop() // also after an error: it may have happened all the same
	return h.lookAfter(ctx, d, row, o, err, seen)
}

// lookAfter makes the Result of a call that ended with err.
func (h *Host) lookAfter(ctx context.Context, d *Details, row *operation, o Operation, err error, seen *trace) (Result, error) {
	unchanged := errors.Is(err, connect.ErrNotModified)
	if row.outcome == removed && h.isGone(ctx, d.ID, err) { // another's doing, or the engine's own: nothing is left to do
		return Result{Before: d.State, Reached: true}, nil
	}
	switch {
	case unchanged && o.Strict:
		return Result{}, apperr.Wrap(apperr.Conflict, err, "%s%s", connect.ErrorPrefix, row.unchanged)
	case err != nil && !unchanged && (o.Strict || row.already == nil || apperr.KindOf(err) != apperr.Conflict):
		return Result{}, err
	}
	result := Result{Changed: err == nil, Before: d.State, After: d.State, Reached: true}
	known := o.Strict
	switch {
	case unchanged:
		known = true
	case err != nil: // a conflict: it was so already, if the state explains it
		known = row.already(d.State)
	case row.outcome == answered, row.outcome == removed:
		result.After, known = row.after, true
	case row.outcome == unaltered:
		known = true
	case row.outcome == passing && !o.Strict:
		result.After = row.after
		known = h.traces.confirm(ctx, seen, row, h.streamUp)
	}
	if known && o.Wait == "" {
		return result, nil
	}
	return h.inspectAfter(ctx, row, d.ID, o, result, err)
}

// isGone reports whether a call failed because its container is gone, or being removed and gone by now.
func (h *Host) isGone(ctx context.Context, id string, err error) bool {
	switch apperr.KindOf(err) {
	case apperr.NotFound:
		return true
	case apperr.Conflict:
		_, err = h.Inspect(ctx, Ref{id})
		return apperr.KindOf(err) == apperr.NotFound
	}
	return false
}

// inspectAfter inspects the container after the call, and waits if that was asked for. A conflict that the
// state doesn't explain is returned. After a success there may be nothing left to inspect: the engine removes a container
// of --rm by itself.
func (h *Host) inspectAfter(ctx context.Context, row *operation, id string, o Operation, result Result, refused error) (Result, error) {
	after, err := h.Inspect(ctx, Ref{id})
	if result.Changed && apperr.KindOf(err) == apperr.NotFound {
		result.After, result.Reached = State{}, o.Wait == "" || o.Wait == waitExited
		return result, nil
	}
	if err != nil {
		return Result{}, err
	}
	if refused != nil && !errors.Is(refused, connect.ErrNotModified) && !row.already(after.State) {
		return Result{}, refused
	}
	result.After = after.State
	if o.Wait == "" {
		return result, nil
	}
	result.After, result.Reached, err = h.waitFor(ctx, id, after.State, conditions[o.Wait], o.Limit)
	if apperr.KindOf(err) == apperr.NotFound {
		result.After, result.Reached, err = State{}, o.Wait == waitExited, nil
	}
	if err != nil {
		return Result{}, err
	}
	return result, nil
}

const (
	waitRunning = "running"
	waitHealthy = "healthy"
	waitExited  = "exited" // the one wait that a container's removal fulfils
)

// condition is what a wait is for: whether it has come, and whether it can't come any more.
type condition func(State) (reached, hopeless bool)

var conditions = map[string]condition{
	waitRunning: func(s State) (bool, bool) { return s.Running && !s.Paused && !s.Restarting, gone(s) },
	waitHealthy: func(s State) (bool, bool) { return s.Running && s.Health == "healthy", gone(s) },
	waitExited:  func(s State) (bool, bool) { return gone(s), false },
}

// Await looks at a container until it is running or healthy or can't become it, for limit at most (30 s when zero). Errors:
// those of Inspect, and of ctx.
func (h *Host) Await(ctx context.Context, id, wait string, limit time.Duration) (State, bool, error) {
	d, err := h.Inspect(ctx, Ref{id})
	if err != nil {
		return State{}, false, err
	}
	return h.waitFor(ctx, id, d.State, conditions[wait], limit)
}

func gone(s State) bool { return !s.Running && !s.Restarting }

// waitFor looks at the container, less and less often, until the condition holds or can't any more.
func (h *Host) waitFor(ctx context.Context, id string, s State, c condition, limit time.Duration) (State, bool, error) {
	if limit == 0 {
		limit = defaultWait
	}
	end := time.NewTimer(limit)
	defer end.Stop()
	for pause := 25 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		if reached, hopeless := c(s); reached || hopeless {
			return s, reached, nil
		}
		select {
		case <-time.After(pause):
		case <-end.C:
			return s, false, nil
		case <-ctx.Done():
			return s, false, ctx.Err()
		}
		d, err := h.Inspect(ctx, Ref{id})
		if err != nil {
			return s, false, err
		}
		s = d.State
	}
}

// Check refuses an operation that makes no sense on any container. Errors: apperr.Invalid.
func (o Operation) Check() error {
	row := operationNamed(o.Name)
	if row == nil {
		return apperr.New(apperr.Invalid, "unknown operation")
	}
	if _, err := row.call.of(o); err != nil {
		return err
	}
	return o.check(row, &Details{ID: strings.Repeat("0", 64), HealthCheck: true})
}

package dockerx

import (
	"context"
	"errors"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/containers"
	"wharf/dockerx/engine"
	"wharf/dockerx/operations"
	"wharf/util/apperr"
)

const defaultWait = 30 * time.Second

// Operate carries out an operation on a container that Resolve returned. If the container is in the desired state already,
// Result.Changed is false; that is an error only if o.Strict. When ctx ends, waiting ends, but a request that was sent is
// not undone. Errors: apperr.Invalid, Conflict (with the engine's message), NotFound, Unavailable, Daemon.
//
// It doesn't inspect before the call, since d is an inspection, and afterwards only if neither the answer nor the host's
// events show the new state.
func (h *Host) Operate(ctx context.Context, d *containers.Details, o operations.Operation) (operations.Result, error) {
	row, params, err := o.Prepare(d)
	if err := errors.Join(err, ctx.Err()); err != nil {
		return operations.Result{}, err
	}
	if row.Nothing != nil && row.Nothing(d, params) {
		return h.lookAfter(ctx, d, row, o, connect.ErrNotModified, nil)
	}
	seen := h.traces.begin(d.ID)
	defer h.traces.end(seen)
	err = change(context.WithoutCancel(ctx), h, row.Doing, row.Deadline(d, params), func(ctx context.Context, e engine.Changes) error {
		return row.Call(ctx, e, d.ID, params)
	})
	h.lists.drop() // also after an error: the engine may have made the change
	return h.lookAfter(ctx, d, row, o, err, seen)
}

// lookAfter determines the Result of a call that ended with err.
func (h *Host) lookAfter(ctx context.Context, d *containers.Details, row *operations.Row, o operations.Operation, err error, seen *trace) (operations.Result, error) {
	unchanged := errors.Is(err, connect.ErrNotModified)
	if row.Outcome == operations.Removed && h.isGone(ctx, d.ID, err) { // removed by another client or by the engine
		return operations.Result{Before: d.State, Reached: true}, nil
	}
	switch {
	case unchanged && o.Strict:
		return operations.Result{}, apperr.Wrap(apperr.Conflict, err, "%s%s", connect.ErrorPrefix, row.Unchanged)
	case err != nil && !unchanged && (o.Strict || row.Already == nil || apperr.KindOf(err) != apperr.Conflict):
		return operations.Result{}, err
	}
	result := operations.Result{Changed: err == nil, Before: d.State, After: d.State, Reached: true}
	known := o.Strict
	switch {
	case unchanged:
		known = true
	case err != nil: // a conflict: nothing to do if the container was in the desired state already
		known = row.Already(d.State)
	case row.Outcome == operations.Answered, row.Outcome == operations.Removed:
		result.After, known = row.After, true
	case row.Outcome == operations.Unaltered:
		known = true
	case row.Outcome == operations.Passing && !o.Strict:
		result.After = row.After
		known = h.traces.confirm(ctx, seen, row, h.streamUp)
	}
	if known && o.Wait == "" {
		return result, nil
	}
	return h.inspectAfter(ctx, row, d.ID, o, result, err)
}

// isGone reports whether a call failed because its container is gone, or was being removed and is gone by now.
func (h *Host) isGone(ctx context.Context, id string, err error) bool {
	switch apperr.KindOf(err) {
	case apperr.NotFound:
		return true
	case apperr.Conflict:
		_, err = h.inspect(ctx, id)
		return apperr.KindOf(err) == apperr.NotFound
	}
	return false
}

// inspectAfter inspects the container after the call, and waits if o asks for it. refused is the call's error or nil; a
// conflict is returned unless the container is in the desired state. After a success the container may be gone: the engine
// removes a container that was created with --rm when it exits.
func (h *Host) inspectAfter(ctx context.Context, row *operations.Row, id string, o operations.Operation, result operations.Result, refused error) (operations.Result, error) {
	after, err := h.inspect(ctx, id)
	if result.Changed && apperr.KindOf(err) == apperr.NotFound {
		result.After, result.Reached = containers.State{}, o.Wait == "" || o.Wait == operations.WaitExited
		return result, nil
	}
	if err != nil {
		return operations.Result{}, err
	}
	if refused != nil && !errors.Is(refused, connect.ErrNotModified) && !row.Already(after.State) {
		return operations.Result{}, refused
	}
	result.After = after.State
	if o.Wait == "" {
		return result, nil
	}
	result.After, result.Reached, err = h.waitFor(ctx, id, after.State, operations.ConditionOf(o.Wait), o.Limit)
	if apperr.KindOf(err) == apperr.NotFound {
		result.After, result.Reached, err = containers.State{}, o.Wait == operations.WaitExited, nil
	}
	if err != nil {
		return operations.Result{}, err
	}
	return result, nil
}

// Await waits until a container meets the condition wait or can't meet it any more, for limit at most (30 s when zero). It
// returns the last state, and whether the condition was met. Errors: those of Inspect, and of ctx.
func (h *Host) Await(ctx context.Context, id, wait string, limit time.Duration) (containers.State, bool, error) {
	d, err := h.inspect(ctx, id)
	if err != nil {
		return containers.State{}, false, err
	}
	return h.waitFor(ctx, id, d.State, operations.ConditionOf(wait), limit)
}

// waitFor inspects the container, with growing pauses, until the condition holds or can't hold any more.
func (h *Host) waitFor(ctx context.Context, id string, s containers.State, c operations.Condition, limit time.Duration) (containers.State, bool, error) {
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
		d, err := h.inspect(ctx, id)
		if err != nil {
			return s, false, err
		}
		s = d.State
	}
}

package dockerx

import (
	"context"
	"errors"
	"regexp"
	"time"

	"wharf/dockerx/connect"
	"wharf/util/apperr"
)

// Operation asks for a change of one container.
type Operation struct {
	Name    string // start, stop, restart, pause, unpause, kill
	Timeout *int   // stop, restart: seconds before it is killed; nil: the container's own, negative: no end
	Signal  string // kill, stop, restart ("" is Docker's choice): "TERM", "SIGHUP", "9"
	// Strict makes it a Conflict, in the words of Docker's API, that there was nothing to do.
	Strict bool
	// Wait is what to wait for afterwards: "" (nothing), running, healthy or exited.
	Wait  string
	Limit time.Duration // of the wait; 30 s when zero, 5 min at most
}

// Result is what came of an Operation.
type Result struct {
	Changed bool  // false: it was so already
	Before  State // as the operation found it
	After   State
	// Reached reports whether what was waited for came about; true where nothing was.
	Reached bool
}

const (
	defaultWait = 30 * time.Second
	maxWait     = 5 * time.Minute
)

var signalPattern = regexp.MustCompile(`^(SIG)?([A-Z][A-Z0-9]{1,9}([+-][0-9]{1,2})?|[1-9][0-9]?)$`)

// check refuses an operation that makes no sense, before any engine hears of it.
func (o Operation) check(d *Details) error {
	_, known := operations[o.Name]
	signals := o.Name == "kill" || o.Name == "stop" || o.Name == "restart"
	switch {
	case !fullIDPattern.MatchString(d.ID):
		return apperr.New(apperr.Invalid, "not a whole container id")
	case !known:
		return apperr.New(apperr.Invalid, "unknown operation: expected start, stop, restart, pause, unpause or kill")
	case o.Signal != "" && !signals:
		return apperr.New(apperr.Invalid, "signal: %s sends none", o.Name)
	case o.Signal != "" && !signalPattern.MatchString(o.Signal):
		return apperr.New(apperr.Invalid, "signal: expected a name such as TERM or SIGHUP, or a number")
	case o.Timeout != nil && o.Name != "stop" && o.Name != "restart":
		return apperr.New(apperr.Invalid, "timeout: only stop and restart have one")
	case o.Limit < 0 || o.Limit > maxWait:
		return apperr.New(apperr.Invalid, "limit: expected at most %s", maxWait)
	case o.Wait != "" && conditions[o.Wait] == nil:
		return apperr.New(apperr.Invalid, "wait: expected running, healthy or exited")
	case o.Wait == "healthy" && d.State.Health == "" && !d.HealthCheck:
		return apperr.New(apperr.Invalid, "wait: the container has no health check")
	}
	return nil
}

// Operate carries out an operation on a container that Resolve found: no inspect before the call, since d is
// one, and at most one after it, where the call's answer leaves the state open. What was there already is no
// error unless Strict: Changed is false. What was sent is not undone when ctx ends; waiting ends with it.
// Errors: apperr.Invalid, Conflict (the engine's words), NotFound, Unavailable, Daemon.
func (h *Host) Operate(ctx context.Context, d *Details, o Operation) (Result, error) {
	if err := o.check(d); err != nil {
		return Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	row := operations[o.Name]
	err := change(context.WithoutCancel(ctx), h, row.doing, row.deadline(grace(d, o)), func(ctx context.Context, e changes) error {
		return row.call(ctx, e, d.ID, o)
	})
	h.lists.drop() // also after an error: it may have happened all the same
	unchanged := errors.Is(err, connect.ErrNotModified)
	switch {
	case unchanged && o.Strict:
		return Result{}, apperr.Wrap(apperr.Conflict, connect.ErrNotModified, "%s%s", connect.ErrorPrefix, row.unchanged)
	case err != nil && !unchanged && (o.Strict || row.already == nil || apperr.KindOf(err) != apperr.Conflict):
		return Result{}, err
	}
	result := Result{Changed: err == nil, Before: d.State, After: row.after, Reached: true}
	if unchanged {
		result.After = d.State
	}
	if o.Wait != "" || err == nil && row.look || err != nil && !row.already(d.State) {
		return h.lookAfter(ctx, d.ID, row, o, result, err)
	}
	return result, nil
}

// lookAfter inspects the container after the call, and waits if that was asked for. A conflict that the
// state doesn't explain is returned.
func (h *Host) lookAfter(ctx context.Context, id string, row operation, o Operation, result Result, refused error) (Result, error) {
	after, err := h.Inspect(ctx, Ref{id})
	if err != nil {
		return Result{}, err
	}
	if refused != nil && !row.already(after.State) {
		return Result{}, refused
	}
	result.After = after.State
	if o.Wait == "" {
		return result, nil
	}
	result.After, result.Reached, err = h.waitFor(ctx, id, after.State, conditions[o.Wait], o.Limit)
	if err != nil {
		return Result{}, err
	}
	return result, nil
}

// condition is what a wait is for: whether it has come, and whether it can't come any more.
type condition func(State) (reached, hopeless bool)

var conditions = map[string]condition{
	"running": func(s State) (bool, bool) { return s.Running && !s.Paused && !s.Restarting, gone(s) },
	"healthy": func(s State) (bool, bool) { return s.Running && s.Health == "healthy", gone(s) },
	"exited":  func(s State) (bool, bool) { return gone(s), false },
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

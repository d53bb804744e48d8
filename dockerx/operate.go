package dockerx

import (
	"context"
	"regexp"
	"time"

	"github.com/docker/docker/api/types/container"

	"wharf/util/apperr"
)

// Order asks for a change of one container.
type Order struct {
	Verb    string // start, stop, restart, pause, unpause, kill
	Timeout *int   // stop, restart: seconds before it is killed; nil: the container's own, negative: no end
	Signal  string // kill, stop, restart ("" is Docker's choice): "TERM", "SIGHUP", "9"
	// Wait is what to wait for afterwards: "" (nothing), running, healthy or exited.
	Wait  string
	Limit time.Duration // of the wait; 30 s when zero, 5 min at most
}

// Change is what came of an Order.
type Change struct {
	Changed bool  // false: it was so already
	Before  State // as the order found it
	After   State
	// Reached tells whether what was waited for came about; true where nothing was.
	Reached bool
}

const (
	defaultWait = 30 * time.Second
	maxWait     = 5 * time.Minute
	quickVerb   = 30 * time.Second // deadline of pause, unpause and kill
)

// verb is one operation: the call, its deadline for a grace, and Docker's state that makes a
// Conflict mean that there was nothing to do (nil: it means what it says).
type verb struct {
	doing   string
	limit   func(grace time.Duration) time.Duration
	call    func(ctx context.Context, e Engine, id string, o Order) error
	already func(State) bool
}

// verbs are the operations on a container. A new one is a line here, one in the api's table and one
// in its document.
var verbs = map[string]verb{
	"start":   {"start container", always(startTimeout), startCall, func(s State) bool { return s.Running && !s.Paused }},
	"stop":    {"stop container", withMargin(graceMargin), stopCall, func(s State) bool { return !s.Running }},
	"restart": {"restart container", withMargin(graceMargin + startTimeout), restartCall, nil},
	"pause":   {"pause container", always(quickVerb), pauseCall, func(s State) bool { return s.Paused }},
	"unpause": {"unpause container", always(quickVerb), unpauseCall, func(s State) bool { return s.Running && !s.Paused }},
	"kill":    {"kill container", always(quickVerb), killCall, nil},
}

func always(d time.Duration) func(time.Duration) time.Duration {
	return func(time.Duration) time.Duration { return d }
}

func withMargin(d time.Duration) func(time.Duration) time.Duration {
	return func(grace time.Duration) time.Duration { return grace + d }
}

func startCall(ctx context.Context, e Engine, id string, _ Order) error {
	return e.ContainerStart(ctx, id, container.StartOptions{})
}

func stopCall(ctx context.Context, e Engine, id string, o Order) error {
	return e.ContainerStop(ctx, id, container.StopOptions{Timeout: o.Timeout, Signal: o.Signal})
}

func restartCall(ctx context.Context, e Engine, id string, o Order) error {
	return e.ContainerRestart(ctx, id, container.StopOptions{Timeout: o.Timeout, Signal: o.Signal})
}

func pauseCall(ctx context.Context, e Engine, id string, _ Order) error {
	return e.ContainerPause(ctx, id)
}

func unpauseCall(ctx context.Context, e Engine, id string, _ Order) error {
	return e.ContainerUnpause(ctx, id)
}

func killCall(ctx context.Context, e Engine, id string, o Order) error {
	return e.ContainerKill(ctx, id, o.Signal)
}

var signalPattern = regexp.MustCompile(`^(SIG)?([A-Z][A-Z0-9]{1,9}([+-][0-9]{1,2})?|[1-9][0-9]?)$`)

// check refuses an order that makes no sense, before any daemon hears of it.
func (o Order) check(d *Details) error {
	_, known := verbs[o.Verb]
	signals := o.Verb == "kill" || o.Verb == "stop" || o.Verb == "restart"
	switch {
	case !known:
		return apperr.New(apperr.Invalid, "unknown operation: expected start, stop, restart, pause, unpause or kill")
	case o.Signal != "" && !signals:
		return apperr.New(apperr.Invalid, "signal: %s sends none", o.Verb)
	case o.Signal != "" && !signalPattern.MatchString(o.Signal):
		return apperr.New(apperr.Invalid, "signal: expected a name such as TERM or SIGHUP, or a number")
	case o.Timeout != nil && o.Verb != "stop" && o.Verb != "restart":
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

// Operate carries out an order on a container that Resolve found. What was there already is no error:
// Changed is false. What was sent is not undone when ctx ends; waiting ends with it. Errors:
// apperr.Invalid, Conflict (the daemon's words), NotFound, Unavailable, Daemon.
func (h *Host) Operate(ctx context.Context, d *Details, o Order) (Change, error) {
	if err := o.check(d); err != nil {
		return Change{}, err
	}
	v := verbs[o.Verb]
	grace := defaultGrace
	if o.Verb == "stop" || o.Verb == "restart" {
		grace = h.grace(ctx, d.ID, o.Timeout)
	}
	err := h.act(ctx, d.ID, v.doing, v.limit(grace), "nothing to do", func(ctx context.Context, e Engine) error {
		return v.call(ctx, e, d.ID, o)
	})
	change := Change{Changed: err == nil, Before: d.State, Reached: true}
	if err != nil && apperr.KindOf(err) != apperr.Conflict {
		return Change{}, err
	}
	if change.After, change.Reached, err = h.await(ctx, d.ID, v, o, err); err != nil {
		return Change{}, err
	}
	return change, nil
}

// await looks at the container after the call, and waits if that was asked for. A conflict that the
// state doesn't explain is returned.
func (h *Host) await(ctx context.Context, id string, v verb, o Order, conflict error) (State, bool, error) {
	after, err := h.Inspect(ctx, Ref{id})
	if err != nil {
		return State{}, false, err
	}
	if conflict != nil && (v.already == nil || !v.already(after.State)) {
		return State{}, false, conflict
	}
	if o.Wait == "" {
		return after.State, true, nil
	}
	return h.waitFor(ctx, id, after.State, conditions[o.Wait], o.Limit)
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

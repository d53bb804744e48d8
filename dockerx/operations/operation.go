package operations

import (
	"strings"
	"time"

	"wharf/dockerx/containers"
	"wharf/dockerx/engine"
	"wharf/util/apperr"
)

// Operation is a requested change of one container.
type Operation struct {
	Name   string // of a row of the table
	Params Params // of the row's type; nil: all zero
	// Strict: if there is nothing to do, the operation fails with a Conflict that has the message of Docker's API. The state
	// afterwards isn't determined, which saves requests.
	Strict bool
	// Wait is the state to wait for afterwards: "" (none), running, healthy or exited.
	Wait  string
	Limit time.Duration // of the wait; 30 s when zero, 5 min at most
}

// Result is the result of an Operation.
type Result struct {
	Changed bool             // false: the container was in the desired state already
	Before  containers.State // before the operation
	After   containers.State // after the operation; zero if the container is gone
	// Reached reports whether the state to wait for was reached; true without a wait.
	Reached bool
	// NewID is the id of the container that recreate created; empty for other operations.
	NewID string
}

const maxWait = 5 * time.Minute

// Check returns an error for an operation that is invalid for every container. Errors: apperr.Invalid.
func (o Operation) Check() error {
	_, _, err := o.Prepare(&containers.Details{ID: strings.Repeat("0", 64), HealthCheck: true})
	return err
}

// Prepare returns the row and the parameters of an operation on a container, or an error if the operation is invalid for it.
// It sends no request. Errors: apperr.Invalid.
func (o Operation) Prepare(d *containers.Details) (*Row, Params, error) {
	row := named(o.Name)
	if row == nil {
		return nil, nil, apperr.New(apperr.Invalid, "unknown operation")
	}
	params, err := row.call.of(o)
	if err != nil {
		return nil, nil, err
	}
	return row, params, o.check(row, d)
}

// check returns an error for an operation that is invalid for the container.
func (o Operation) check(row *Row, d *containers.Details) error {
	switch {
	case !engine.IsID(d.ID):
		return apperr.New(apperr.Invalid, "not a whole container id")
	case o.Limit < 0 || o.Limit > maxWait:
		return apperr.New(apperr.Invalid, "limit: expected at most %s", maxWait)
	case row.Outcome == Replaced && o.Wait == WaitExited:
		return apperr.New(apperr.Invalid, "wait: expected running or healthy")
	case o.Wait != "" && (conditions[o.Wait] == nil || row.Outcome == Removed):
		return apperr.New(apperr.Invalid, "wait: expected running, healthy or exited")
	case o.Wait == waitHealthy && row.Outcome != Replaced && d.State.Health == "" && !d.HealthCheck:
		return apperr.New(apperr.Invalid, "wait: the container has no health check")
	}
	return nil
}

// The states that an operation can wait for. Only WaitExited is also met by a container that is removed.
const (
	waitRunning = "running"
	waitHealthy = "healthy"
	WaitExited  = "exited"
)

// Condition reports for a state whether a wait's condition is met, and whether it can't be met any more.
type Condition func(containers.State) (reached, hopeless bool)

var conditions = map[string]Condition{
	waitRunning: func(s containers.State) (bool, bool) { return s.Running && !s.Paused && !s.Restarting, gone(s) },
	waitHealthy: func(s containers.State) (bool, bool) { return s.Running && s.Health == "healthy", gone(s) },
	WaitExited:  func(s containers.State) (bool, bool) { return gone(s), false },
}

// ConditionOf returns the condition of an Operation.Wait, or nil if wait is unknown.
func ConditionOf(wait string) Condition { return conditions[wait] }

func gone(s containers.State) bool { return !s.Running && !s.Restarting }

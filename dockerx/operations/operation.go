package operations

import (
	"strings"
	"time"

	"wharf/dockerx/containers"
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
	Changed bool             // false: it was so already
	Before  containers.State // as the operation found it
	After   containers.State // as the operation left it; zero where nothing is left
	// Reached reports whether what was waited for came about; true where nothing was.
	Reached bool
	// NewID is the id of the container that recreate made; empty for other operations.
	NewID string
}

const maxWait = 5 * time.Minute

// Check refuses an operation that makes no sense on any container. Errors: apperr.Invalid.
func (o Operation) Check() error {
	_, _, err := o.Prepare(&containers.Details{ID: strings.Repeat("0", 64), HealthCheck: true})
	return err
}

// Prepare returns the row and the parameters of an operation on a container. It refuses what makes no sense, before any engine
// hears of it. Errors: apperr.Invalid.
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

// check refuses an operation that makes no sense on the container.
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

// What an operation can wait for; WaitExited is the one wait that the removal of a container fulfils.
const (
	waitRunning = "running"
	waitHealthy = "healthy"
	WaitExited  = "exited"
)

// Condition is what a wait is for: whether it has come, and whether it can't come any more.
type Condition func(containers.State) (reached, hopeless bool)

var conditions = map[string]Condition{
	waitRunning: func(s containers.State) (bool, bool) { return s.Running && !s.Paused && !s.Restarting, gone(s) },
	waitHealthy: func(s containers.State) (bool, bool) { return s.Running && s.Health == "healthy", gone(s) },
	WaitExited:  func(s containers.State) (bool, bool) { return gone(s), false },
}

// ConditionOf returns the condition of a wait; nil for a word that is none.
func ConditionOf(wait string) Condition { return conditions[wait] }

func gone(s containers.State) bool { return !s.Running && !s.Restarting }

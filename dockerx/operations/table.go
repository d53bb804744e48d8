package operations

import (
	"context"
	"slices"
	"strings"
	"time"

	"wharf/dockerx/containers"
	"wharf/dockerx/engine"
	"wharf/dockerx/events"
)

// Row defines one operation. /start2, /stop2 and /v1/hosts/{host}/containers/{id}/<name> all call dockerx.Host.Operate with a
// row of this table. Routes, permissions, parameters, the audit and the attribution of events are derived from it.
type Row struct {
	Name string // in the route, the audit and the log
	Need Need
	// Doing is a verb phrase for errors, the log and the API's document, as in "cannot stop a container".
	Doing string
	// call is the engine call, made by taking from a function for its type of Params.
	call     engineCall
	Deadline func(d *containers.Details, p Params) time.Duration
	// Nothing reports before the call whether there is nothing to do. It is for operations for which the engine would
	// answer with an error then. Nil: the engine's answer shows it.
	Nothing func(d *containers.Details, p Params) bool
	// Unchanged is the message of Docker's API if there was nothing to do, for Operation.Strict.
	Unchanged string
	// Already reports whether a Conflict means that there was nothing to do, because the container is in this state.
	// Nil: a Conflict is always an error.
	Already func(containers.State) bool
	// Outcome is how the state afterwards is determined. After is the state after a success, for outcomes that need it.
	Outcome Outcome
	After   containers.State
	// causes are the actions of the container's events that the operation causes, Docker's and Podman's. The last one is
	// the end of the operation.
	causes []string
}

// Need is the permission that an operation needs. Package service translates it to its own permissions: dockerx knows no
// actors.
type Need uint8

// The needs.
const (
	NeedOperator Need = iota + 1 // operator of the container
	NeedAdmin                    // admin of wharf
)

// Outcome is how the state of a container after an operation is determined.
type Outcome uint8

// The outcomes.
const (
	// Answered: after a success the state is After, and lasts.
	Answered Outcome = iota + 1
	// Passing: after a success the state is After, but the container may exit immediately. The host's events show it if
	// they are being read; else one inspect does.
	Passing
	// Inspected: the answer doesn't determine the state, so an inspect follows.
	Inspected
	// Unaltered: the operation doesn't change the state.
	Unaltered
	// Removed: the container is gone, so there is nothing to inspect or wait for.
	Removed
	// Replaced: package service/recreate has replaced the container by another.
	Replaced
)

const (
	startTimeout  = time.Minute
	quickTimeout  = 30 * time.Second
	removeTimeout = 2 * time.Minute
	// CreateTimeout is the deadline for creating a container. The engine may have to copy the image's files to a new volume.
	CreateTimeout = 2 * time.Minute
	graceMargin   = 10 * time.Second
	defaultGrace  = 10 * time.Second // Docker's default, for a container without a stop timeout
	maxGrace      = time.Hour        // for longer or unlimited stop timeouts
)

var (
	whenRunning = containers.State{Status: events.StateRunning, Running: true}
	whenPaused  = containers.State{Status: events.StatePaused, Running: true, Paused: true}
	whenExited  = containers.State{Status: events.StateExited}
)

// rows is the table of operations, in the order of the API's document.
var rows = []Row{
	{
		Name: "start", Need: NeedOperator, Doing: "start a container", call: taking(startCall), Deadline: always(startTimeout),
		Unchanged: "container already started", Already: isRunning,
		Outcome: Passing, After: whenRunning, causes: []string{"start"},
	},
	{
		Name: "stop", Need: NeedOperator, Doing: "stop a container", call: taking(stopCall), Deadline: graceAnd(graceMargin),
		Unchanged: "container not running", Already: func(s containers.State) bool { return !s.Running },
		Outcome: Answered, After: whenExited, causes: []string{"kill", "die", "died", "stop"},
	},
	{
		Name: "restart", Need: NeedOperator, Doing: "restart a container", call: taking(restartCall),
		Deadline: graceAnd(graceMargin + startTimeout),
		Outcome:  Passing, After: whenRunning, causes: []string{"kill", "die", "died", "stop", "start", "restart"},
	},
	{
		Name: "pause", Need: NeedOperator, Doing: "pause a container", call: taking(pauseCall), Deadline: always(quickTimeout),
		Already: func(s containers.State) bool { return s.Paused },
		Outcome: Answered, After: whenPaused, causes: []string{"pause"},
	},
	{
		Name: "unpause", Need: NeedOperator, Doing: "unpause a container", call: taking(unpauseCall), Deadline: always(quickTimeout),
		Already: isRunning,
		Outcome: Answered, After: whenRunning, causes: []string{"unpause"},
	},
	{ // whether the container ends depends on the signal
		Name: "kill", Need: NeedOperator, Doing: "send a signal to a container", call: taking(killCall), Deadline: always(quickTimeout),
		Outcome: Inspected, causes: []string{"kill", "die", "died"},
	},
	{
		Name: "rename", Need: NeedOperator, Doing: "rename a container", call: taking(renameCall), Deadline: always(quickTimeout),
		Nothing: func(d *containers.Details, p Params) bool { return p == Rename{Name: strings.TrimPrefix(d.Name, "/")} },
		Outcome: Unaltered, causes: []string{"rename"},
	},
	{
		Name: "update", Need: NeedOperator, Doing: "change the limits of a container", call: taking(updateCall), Deadline: always(quickTimeout),
		Outcome: Unaltered, causes: []string{"update"},
	},
	{ // the engine kills a running container first, and deletes files afterwards
		Name: "remove", Need: NeedOperator, Doing: "remove a container", call: taking(removeCall), Deadline: always(removeTimeout),
		Outcome: Removed, causes: []string{"kill", "die", "died", "stop", "remove", "destroy"},
	},
	{
		Name: "recreate", Need: NeedOperator, Doing: "replace a container by a new one like it, of its image or another",
		call: taking(inSteps), Deadline: always(CreateTimeout),
		Outcome: Replaced, causes: []string{"kill", "die", "died", "stop", "rename", "update", "start", "remove", "destroy"},
	},
}

// named returns the row of an operation, or nil if there is none.
func named(name string) *Row {
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return &rows[i]
}

// Call makes the engine call of the row. p must come from Operation.Prepare.
func (r *Row) Call(ctx context.Context, e engine.Changes, id string, p Params) error {
	return r.call.do(ctx, e, id, p)
}

// End returns the action of the last event that the operation causes.
func (r *Row) End() string { return r.causes[len(r.causes)-1] }

func isRunning(s containers.State) bool { return s.Running && !s.Paused }

func always(t time.Duration) func(*containers.Details, Params) time.Duration {
	return func(*containers.Details, Params) time.Duration { return t }
}

// graceAnd returns a deadline function for operations with the parameters Stop: the container's stop timeout plus t.
func graceAnd(t time.Duration) func(*containers.Details, Params) time.Duration {
	return func(d *containers.Details, p Params) time.Duration {
		stop, _ := p.(Stop)
		return grace(d, stop) + t
	}
}

// grace returns how long the container may take to stop before it is killed: the operation's timeout, else the container's.
func grace(d *containers.Details, p Stop) time.Duration {
	timeout := p.Timeout
	if timeout == nil {
		timeout = d.StopTimeout
	}
	switch {
	case timeout == nil:
		return defaultGrace
	case *timeout < 0 || *timeout > int(maxGrace/time.Second):
		return maxGrace
	}
	return time.Duration(*timeout) * time.Second
}

// Info is the part of an operation's row that other packages need.
type Info struct {
	Name   string
	Need   Need
	Doing  string // "stop a container"
	Params Params // the zero value of the operation's type
	Lasts  bool   // a container is left afterwards, for which a caller may wait
}

// All returns the table of operations, in its order.
func All() []Info {
	infos := make([]Info, len(rows))
	for i, row := range rows {
		infos[i] = Info{row.Name, row.Need, row.Doing, row.call.params, row.Outcome != Removed}
	}
	return infos
}

// ByEvent returns a map from the action of a container event to the names of the operations that cause it, sorted.
func ByEvent() map[string][]string {
	byEvent := map[string][]string{}
	for _, row := range rows {
		for _, event := range row.causes {
			byEvent[event] = append(byEvent[event], row.Name)
		}
	}
	for _, names := range byEvent {
		slices.Sort(names)
	}
	return byEvent
}

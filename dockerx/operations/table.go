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

// Row is everything that one operation differs in from the others. /start2, /stop2 and
// /v1/hosts/{host}/containers/{id}/<name> all lead to dockerx.Host.Operate with a row of this table; routes, permissions,
// parameters, the audit's words and the attribution of events derive from it.
type Row struct {
	Name string // in the route, the audit and the log
	Need Need
	// Doing continues "cannot" and "have wharf": it is for errors, the log and the API's document.
	Doing string
	// call is the engine call, made by taking for its type of Params.
	call     engineCall
	Deadline func(d *containers.Details, p Params) time.Duration
	// Nothing reports before the call whether there is nothing to do, where the engine would answer with an error of
	// its own. Nil: the engine's answer says it.
	Nothing func(d *containers.Details, p Params) bool
	// Unchanged is what Docker's API says where there was nothing to do, for Operation.Strict.
	Unchanged string
	// Already reports whether a container in that state makes a Conflict mean that there was nothing to do.
	// Nil: a Conflict means what it says.
	Already func(containers.State) bool
	// Outcome says how the state afterwards is known; After is the state that a success leaves, where it is that.
	Outcome Outcome
	After   containers.State
	// causes are the actions of the container's events that the operation brings about, Podman's words too. The last
	// one is the operation's end.
	causes []string
}

// Need says what right an operation asks for. Package service makes a permission of it: dockerx knows no actors.
type Need uint8

// The needs.
const (
	NeedOperator Need = iota + 1 // on the container
	NeedAdmin                    // of wharf
)

// Outcome says how the state of a container after an operation is known.
type Outcome uint8

// The outcomes.
const (
	// Answered: the engine's success is proof of After, since what it did lasts.
	Answered Outcome = iota + 1
	// Passing: a success leaves After, but the container may end at once. The host's events tell, where they are
	// being read; else one inspect does.
	Passing
	// Inspected: the answer leaves the state open, so one inspect follows.
	Inspected
	// Unaltered: the operation doesn't touch the state.
	Unaltered
	// Removed: nothing is left to look at, and nothing can be waited for.
	Removed
	// Replaced: another container is left, by steps that package service/recreate takes.
	Replaced
)

const (
	startTimeout  = time.Minute
	quickTimeout  = 30 * time.Second
	removeTimeout = 2 * time.Minute
	// CreateTimeout is for the creation of a container: an engine copies what the image has at the place of a new volume.
	CreateTimeout = 2 * time.Minute
	graceMargin   = 10 * time.Second
	defaultGrace  = 10 * time.Second // Docker's own, where a container names none
	maxGrace      = time.Hour        // for those that ask for no end
)

var (
	whenRunning = containers.State{Status: events.StateRunning, Running: true}
	whenPaused  = containers.State{Status: events.StatePaused, Running: true, Paused: true}
	whenExited  = containers.State{Status: events.StateExited}
)

// rows are what can be done to a container, in the order of the document.
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
	{ // the container may live on: it depends on the signal
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
	{ // an engine kills what runs first, and then has files to delete
		Name: "remove", Need: NeedOperator, Doing: "remove a container", call: taking(removeCall), Deadline: always(removeTimeout),
		Outcome: Removed, causes: []string{"kill", "die", "died", "stop", "remove", "destroy"},
	},
	{
		Name: "recreate", Need: NeedOperator, Doing: "replace a container by a new one like it, of its image or another",
		call: taking(inSteps), Deadline: always(CreateTimeout),
		Outcome: Replaced, causes: []string{"kill", "die", "died", "stop", "rename", "update", "start", "remove", "destroy"},
	},
}

// named finds a row; nil for a name that has none.
func named(name string) *Row {
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return &rows[i]
}

// Call makes the engine call of the row. p is what Operation.Prepare returned.
func (r *Row) Call(ctx context.Context, e engine.Changes, id string, p Params) error {
	return r.call.do(ctx, e, id, p)
}

// End returns the last of the events that the operation brings about.
func (r *Row) End() string { return r.causes[len(r.causes)-1] }

func isRunning(s containers.State) bool { return s.Running && !s.Paused }

func always(t time.Duration) func(*containers.Details, Params) time.Duration {
	return func(*containers.Details, Params) time.Duration { return t }
}

// graceAnd is for operations with Stop's parameters: the container's grace, and t.
func graceAnd(t time.Duration) func(*containers.Details, Params) time.Duration {
	return func(d *containers.Details, p Params) time.Duration {
		stop, _ := p.(Stop)
		return grace(d, stop) + t
	}
}

// grace is how long a container has to end by itself: what was asked for, else its own setting.
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

// Info is what the layers above need of an operation's row.
type Info struct {
	Name   string
	Need   Need
	Doing  string // "stop a container"
	Params Params // of the operation's type, without values
	Lasts  bool   // something is left to wait for afterwards
}

// All returns the table of operations, in its order.
func All() []Info {
	infos := make([]Info, len(rows))
	for i, row := range rows {
		infos[i] = Info{row.Name, row.Need, row.Doing, row.call.params, row.Outcome != Removed}
	}
	return infos
}

// ByEvent returns, for each kind of container event that operations cause, the names of these operations in
// alphabetical order.
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

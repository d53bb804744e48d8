package dockerx

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"wharf/dockerx/engine"
	"wharf/dockerx/events"
)

// operation is one row of the table: everything that one operation differs in from the others. /start2, /stop2 and
// /v1/hosts/{host}/containers/{id}/<name> all lead to Host.Operate with a row of this table; routes, permissions,
// parameters, the audit's words and the attribution of events derive from it.
type operation struct {
	name string // in the route, the audit and the log
	need Need
	// doing continues "cannot" and "have wharf": it is for errors, the log and the API's document.
	doing string
	// call is the engine call, made by taking for its type of Params.
	call     engineCall
	deadline func(d *Details, p Params) time.Duration
	// nothing reports before the call whether there is nothing to do, where the engine would answer with an error of
	// its own. Nil: the engine's answer says it.
	nothing func(d *Details, p Params) bool
	// unchanged is what Docker's API says where there was nothing to do, for Operation.Strict.
	unchanged string
	// already reports whether a container in that state makes a Conflict mean that there was nothing to do.
	// Nil: a Conflict means what it says.
	already func(State) bool
	// outcome says how the state afterwards is known; after is the state that a success leaves, where it is that.
	outcome outcome
	after   State
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

// outcome says how the state of a container after an operation is known.
type outcome uint8

const (
	// answered: the engine's success is proof of after, since what it did lasts.
	answered outcome = iota + 1
	// passing: a success leaves after, but the container may end at once. The host's events tell, where they are
	// being read; else one inspect does.
	passing
	// inspected: the answer leaves the state open, so one inspect follows.
	inspected
	// unaltered: the operation doesn't touch the state.
	unaltered
	// removed: nothing is left to look at, and nothing can be waited for.
	removed
	// replaced: another container is left, by steps that package service/recreate takes.
	replaced
)

const (
	startTimeout = time.Minute
	quickTimeout = 30 * time.Second

	removeTimeout = 2 * time.Minute
	sizeTimeout   = 2 * time.Minute // an engine walks through all files
	createTimeout = 2 * time.Minute // an engine copies what the image has at the place of a new volume
	graceMargin   = 10 * time.Second
	defaultGrace  = 10 * time.Second // Docker's own, where a container names none
	maxGrace      = time.Hour        // for those that ask for no end
)

var (
	whenRunning = State{Status: events.StateRunning, Running: true}
	whenPaused  = State{Status: events.StatePaused, Running: true, Paused: true}
	whenExited  = State{Status: events.StateExited}
)

// operations are what can be done to a container, in the order of the document.
var operations = []operation{
	{
		name: "start", need: NeedOperator, doing: "start a container", call: taking(startCall), deadline: always(startTimeout),
		unchanged: "container already started", already: isRunning,
		outcome: passing, after: whenRunning, causes: []string{"start"},
	},
	{
		name: "stop", need: NeedOperator, doing: "stop a container", call: taking(stopCall), deadline: graceAnd(graceMargin),
		unchanged: "container not running", already: func(s State) bool { return !s.Running },
		outcome: answered, after: whenExited, causes: []string{"kill", "die", "died", "stop"},
	},
	{
		name: "restart", need: NeedOperator, doing: "restart a container", call: taking(restartCall),
		deadline: graceAnd(graceMargin + startTimeout),
		outcome:  passing, after: whenRunning, causes: []string{"kill", "die", "died", "stop", "start", "restart"},
	},
	{
		name: "pause", need: NeedOperator, doing: "pause a container", call: taking(pauseCall), deadline: always(quickTimeout),
		already: func(s State) bool { return s.Paused },
		outcome: answered, after: whenPaused, causes: []string{"pause"},
	},
	{
		name: "unpause", need: NeedOperator, doing: "unpause a container", call: taking(unpauseCall), deadline: always(quickTimeout),
		already: isRunning,
		outcome: answered, after: whenRunning, causes: []string{"unpause"},
	},
	{ // the container may live on: it depends on the signal
		name: "kill", need: NeedOperator, doing: "send a signal to a container", call: taking(killCall), deadline: always(quickTimeout),
		outcome: inspected, causes: []string{"kill", "die", "died"},
	},
	{
		name: "rename", need: NeedOperator, doing: "rename a container", call: taking(renameCall), deadline: always(quickTimeout),
		nothing: func(d *Details, p Params) bool { return p == Rename{Name: strings.TrimPrefix(d.Name, "/")} },
		outcome: unaltered, causes: []string{"rename"},
	},
	{
		name: "update", need: NeedOperator, doing: "change the limits of a container", call: taking(updateCall), deadline: always(quickTimeout),
		outcome: unaltered, causes: []string{"update"},
	},
	{ // an engine kills what runs first, and then has files to delete
		name: "remove", need: NeedOperator, doing: "remove a container", call: taking(removeCall), deadline: always(removeTimeout),
		outcome: removed, causes: []string{"kill", "die", "died", "stop", "remove", "destroy"},
	},
	{
		name: "recreate", need: NeedOperator, doing: "replace a container by a new one like it, of its image or another",
		call: taking(inSteps), deadline: always(createTimeout),
		outcome: replaced, causes: []string{"kill", "die", "died", "stop", "rename", "update", "start", "remove", "destroy"},
	},
}

// operationNamed finds a row; nil for a name that has none.
func operationNamed(name string) *operation {
	i := slices.IndexFunc(operations, func(o operation) bool { return o.name == name })
	if i < 0 {
		return nil
	}
	return &operations[i]
}

func startCall(ctx context.Context, e engine.Changes, id string, _ None) error {
	return e.ContainerStart(ctx, id, container.StartOptions{})
}

func stopCall(ctx context.Context, e engine.Changes, id string, p Stop) error {
	return e.ContainerStop(ctx, id, container.StopOptions{Timeout: p.Timeout, Signal: p.Signal})
}

func restartCall(ctx context.Context, e engine.Changes, id string, p Stop) error {
	return e.ContainerRestart(ctx, id, container.StopOptions{Timeout: p.Timeout, Signal: p.Signal})
}

func pauseCall(ctx context.Context, e engine.Changes, id string, _ None) error {
	return e.ContainerPause(ctx, id)
}

func unpauseCall(ctx context.Context, e engine.Changes, id string, _ None) error {
	return e.ContainerUnpause(ctx, id)
}

func killCall(ctx context.Context, e engine.Changes, id string, p Kill) error {
	return e.ContainerKill(ctx, id, p.Signal)
}

func renameCall(ctx context.Context, e engine.Changes, id string, p Rename) error {
	return e.ContainerRename(ctx, id, p.Name)
}

func updateCall(ctx context.Context, e engine.Changes, id string, p Update) error {
	return e.ContainerUpdate(ctx, id, p.config())
}

func removeCall(ctx context.Context, e engine.Changes, id string, p Remove) error {
	return e.ContainerRemove(ctx, id, container.RemoveOptions{Force: p.Force, RemoveVolumes: p.Volumes})
}

// inSteps stands for the many calls of recreate.
func inSteps(context.Context, engine.Changes, string, Recreate) error {
	return errors.New("recreate isn't one call: package service/recreate takes its steps")
}

func isRunning(s State) bool { return s.Running && !s.Paused }

func always(t time.Duration) func(*Details, Params) time.Duration {
	return func(*Details, Params) time.Duration { return t }
}

// graceAnd is for operations with Stop's parameters: the container's grace, and t.
func graceAnd(t time.Duration) func(*Details, Params) time.Duration {
	return func(d *Details, p Params) time.Duration {
		stop, _ := p.(Stop)
		return grace(d, stop) + t
	}
}

// grace is how long a container has to end by itself: what was asked for, else its own setting.
func grace(d *Details, p Stop) time.Duration {
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

// OperationInfo is what the layers above need of an operation's row.
type OperationInfo struct {
	Name   string
	Need   Need
	Doing  string // "stop a container"
	Params Params // of the operation's type, without values
	Lasts  bool   // something is left to wait for afterwards
}

// Operations returns the table of operations, in its order.
func Operations() []OperationInfo {
	infos := make([]OperationInfo, len(operations))
	for i, row := range operations {
		infos[i] = OperationInfo{row.name, row.need, row.doing, row.call.params, row.outcome != removed}
	}
	return infos
}

// OperationsByEvent returns, for each kind of container event that operations cause, the names of these operations in
// alphabetical order.
func OperationsByEvent() map[string][]string {
	byEvent := map[string][]string{}
	for _, row := range operations {
		for _, event := range row.causes {
			byEvent[event] = append(byEvent[event], row.name)
		}
	}
	for _, names := range byEvent {
		slices.Sort(names)
	}
	return byEvent
}

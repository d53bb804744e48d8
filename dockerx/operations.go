package dockerx

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/docker/docker/api/types/container"

	"wharf/dockerx/events"
)

// operation is one row of the table: everything that one operation differs in from the others. The
// permission that it asks for stands in the route's row (api/routes.go); /start2, /stop2 and
// /v1/hosts/{host}/containers/{id}/<name> all lead to Host.Operate with a row of this table.
type operation struct {
	doing    string // for errors and the log
	deadline func(grace time.Duration) time.Duration
	call     func(ctx context.Context, e changes, id string, o Operation) error
	// unchanged is what Docker's API says where there was nothing to do, for Operation.Strict.
	unchanged string
	// already reports whether a container in that state makes a Conflict mean that there was nothing to do.
	// Nil: a Conflict means what it says.
	already func(State) bool
	// after is the state that a success leaves; with look it isn't known from the answer, and an inspect
	// follows.
	after State
	look  bool
	// causes are the actions of the container's events that the operation brings about, Podman's words too.
	causes []string
}

const (
	startTimeout = time.Minute
	quickTimeout = 30 * time.Second
	graceMargin  = 10 * time.Second
	defaultGrace = 10 * time.Second // Docker's own, where a container names none
	maxGrace     = time.Hour        // for those that ask for no end
)

var (
	whenRunning = State{Status: events.StateRunning, Running: true}
	whenPaused  = State{Status: events.StatePaused, Running: true, Paused: true}
	whenExited  = State{Status: events.StateExited}
)

// operations are what can be done to a container, by the name in the route.
var operations = map[string]operation{
	"start": {
		doing: "start container", deadline: always(startTimeout), call: startCall, after: whenRunning,
		unchanged: "container already started", already: isRunning, causes: []string{"start"},
	},
	"stop": {
		doing: "stop container", deadline: graceAnd(graceMargin), call: stopCall, after: whenExited,
		unchanged: "container not running", already: func(s State) bool { return !s.Running },
		causes: []string{"kill", "die", "died", "stop"},
	},
	"restart": {
		doing: "restart container", deadline: graceAnd(graceMargin + startTimeout), call: restartCall, after: whenRunning,
		causes: []string{"kill", "die", "died", "stop", "start", "restart"},
	},
	"pause": {
		doing: "pause container", deadline: always(quickTimeout), call: pauseCall, after: whenPaused,
		already: func(s State) bool { return s.Paused }, causes: []string{"pause"},
	},
	"unpause": {
		doing: "unpause container", deadline: always(quickTimeout), call: unpauseCall, after: whenRunning,
		already: isRunning, causes: []string{"unpause"},
	},
	"kill": { // the container may live on: it depends on the signal
		doing: "kill container", deadline: always(quickTimeout), call: killCall, look: true,
		causes: []string{"kill", "die", "died"},
	},
}

// OperationsByEvent returns, for each kind of container event that operations cause, the names of these operations in
// alphabetical order.
func OperationsByEvent() map[string][]string {
	byEvent := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(operations)) {
		for _, event := range operations[name].causes {
			byEvent[event] = append(byEvent[event], name)
		}
	}
	return byEvent
}

func isRunning(s State) bool { return s.Running && !s.Paused }

func always(d time.Duration) func(time.Duration) time.Duration {
	return func(time.Duration) time.Duration { return d }
}

func graceAnd(d time.Duration) func(time.Duration) time.Duration {
	return func(grace time.Duration) time.Duration { return grace + d }
}

// grace is how long a container has to end by itself: what was asked for, else its own setting.
func grace(d *Details, o Operation) time.Duration {
	timeout := o.Timeout
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

func startCall(ctx context.Context, e changes, id string, _ Operation) error {
	return e.ContainerStart(ctx, id, container.StartOptions{})
}

func stopCall(ctx context.Context, e changes, id string, o Operation) error {
	return e.ContainerStop(ctx, id, container.StopOptions{Timeout: o.Timeout, Signal: o.Signal})
}

func restartCall(ctx context.Context, e changes, id string, o Operation) error {
	return e.ContainerRestart(ctx, id, container.StopOptions{Timeout: o.Timeout, Signal: o.Signal})
}

func pauseCall(ctx context.Context, e changes, id string, _ Operation) error {
	return e.ContainerPause(ctx, id)
}

func unpauseCall(ctx context.Context, e changes, id string, _ Operation) error {
	return e.ContainerUnpause(ctx, id)
}

func killCall(ctx context.Context, e changes, id string, o Operation) error {
	return e.ContainerKill(ctx, id, o.Signal)
}

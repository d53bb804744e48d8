package attribution

import (
	"slices"
	"time"

	"wharf/dockerx/events"
	"wharf/dockerx/operations"
)

// causedBy lists, for each kind of container event, the operations that cause it.
var causedBy = operations.ByEvent()

// operationKill differs from other operations: it only sends a signal, and its call returns before the signal takes effect.
const operationKill = "kill"

// operationRecreate's events have no fixed order: if it fails, it stops the container that it started, and starts the one
// that it stopped.
const operationRecreate = "recreate"

// position orders the events of one action. Engines report "die" and "stop" in either order, and differ in the place of
// "restart". A kind without a position can be anywhere.
var position = map[string]int{"kill": 1, "die": 2, "died": 2, "stop": 2, "start": 3, "remove": 3, "destroy": 3}

const (
	// clockSlack is how far an event may lie outside the time of its action. The offset between the clocks of an engine
	// and a replica is known to half the duration of a call.
	clockSlack = 2 * time.Second
	// killSlack is how long after the end of a kill operation its signal may still cause events.
	killSlack = 15 * time.Second
	// pendingMax is how long after its start an unfinished action may cause events.
	pendingMax = time.Hour
)

// match returns the action that caused the event, or nil. Of several it returns the nearest in time, then the latest. If no
// action can take the event, match may return one whose earlier event of this kind can be moved to another action: where
// actions overlap, that event may have been attributed to the wrong one.
func (cs *candidates) match(e *events.Event) (nearest *auditedAction) {
	var best time.Duration
	for _, a := range cs.actions {
		if !a.covers(e) || !a.canTake(e) {
			continue
		}
		if off := a.distance(localTime(e)); nearest == nil || off < best {
			nearest, best = a, off
		}
	}
	if nearest != nil {
		return nearest
	}
	for _, a := range cs.actions {
		if a.covers(e) && a.inOrder(e) && cs.alternative(a, e) != nil {
			return a
		}
	}
	return nil
}

// alternative returns another action that may have caused the event of e's kind that is attributed to a, or nil.
func (cs *candidates) alternative(a *auditedAction, e *events.Event) *auditedAction {
	taken := *e
	taken.Time = a.attributed[e.Action]
	for _, other := range cs.actions {
		if other != a && other.covers(&taken) && other.canTake(&taken) {
			return other
		}
	}
	return nil
}

// covers reports whether the action's operation causes events of this kind, and the event happened during it. The event must
// be of the action's container.
func (a *auditedAction) covers(e *events.Event) bool {
	at := localTime(e)
	if at.Before(a.at.Add(-clockSlack)) || at.After(a.at.Add(pendingMax)) || at.After(a.end()) {
		return false
	}
	return slices.Contains(causedBy[e.Action], a.operation)
}

// canTake reports whether another event of this kind may belong to the action. Each action causes one event per kind;
// stop and restart may send a second signal.
func (a *auditedAction) canTake(e *events.Event) bool {
	if at, ok := a.attributed[e.Action]; ok && (e.Action != "kill" || a.operation == operationKill) {
		return at.Equal(e.Time)
	}
	return a.inOrder(e)
}

// inOrder reports whether the event's kind can follow the events that are attributed to the action. A death after a later
// signal is attributed to that signal.
func (a *auditedAction) inOrder(e *events.Event) bool {
	if a.operation == operationRecreate {
		return true
	}
	for kind, at := range a.attributed {
		if mine := position[e.Action]; mine > 0 && position[kind] > mine && at.Before(e.Time) {
			return false
		}
	}
	return a.superseded.IsZero() || e.Time.Before(a.superseded)
}

// distance returns how far a time lies outside the action's duration; 0 if inside.
func (a *auditedAction) distance(at time.Time) time.Duration {
	switch {
	case at.Before(a.at):
		return a.at.Sub(at)
	case !a.finishedAt.IsZero() && at.After(a.finishedAt):
		return at.Sub(a.finishedAt)
	}
	return 0
}

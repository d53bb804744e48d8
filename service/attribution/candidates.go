package attribution

import (
	"slices"
	"strings"
	"time"

	"wharf/db/sqlc"
	"wharf/dockerx/events"
)

// auditedAction is an action on a container, and the events attributed to it. Times of events are by the engine's clock.
type auditedAction struct {
	id, username string
	operation    string // "stop"
	at           time.Time
	finishedAt   time.Time // zero while the action is under way
	// attributed has the time of the event attributed to the action, by kind.
	attributed map[string]time.Time
	// superseded is the time of the next signal to the container, if the action is a signal; zero until then.
	superseded time.Time
}

func newAuditedAction(row *sqlc.AuditOfContainerRow) *auditedAction {
	return &auditedAction{
		id: row.ID.String(), username: row.Username, operation: strings.TrimPrefix(row.Action, "container."),
		at: row.At, finishedAt: row.FinishedAt.Time, attributed: map[string]time.Time{},
	}
}

// end returns the latest time, by this server's clock, of an event that the action may cause.
func (a *auditedAction) end() time.Time {
	switch {
	case a.finishedAt.IsZero():
		return a.at.Add(pendingMax)
	case a.operation == operationKill:
		return a.finishedAt.Add(killSlack)
	}
	return a.finishedAt.Add(clockSlack)
}

// candidates are the actions on one container that may have caused its events.
type candidates struct {
	actions []*auditedAction // the latest first
	byID    map[string]*auditedAction
	signals []*auditedAction // the actions of operationKill with an attributed signal that isn't superseded
}

func newCandidates(actions []*auditedAction) *candidates {
	cs := &candidates{actions: actions, byID: make(map[string]*auditedAction, len(actions))}
	for _, a := range actions {
		cs.byID[a.id] = a
	}
	return cs
}

// add updates the actions after an event of the container has been attributed. Stored events are added first, in order.
func (cs *candidates) add(e *events.Event) {
	id := e.Attrs[AttrAudit]
	if e.Action == "kill" {
		cs.supersede(id, e.Time)
	}
	a := cs.byID[id]
	if a == nil {
		return
	}
	at, had := a.attributed[e.Action]
	switch {
	case !had:
		a.attributed[e.Action] = e.Time
		if e.Action == "kill" && a.operation == operationKill {
			cs.signals = append(cs.signals, a)
		}
	case e.Action != "kill":
		if other := cs.alternative(a, e); other != nil {
			other.attributed[e.Action], a.attributed[e.Action] = at, e.Time
		}
	}
}

// supersede marks all signals as superseded except that of the action id: they cause no later events.
func (cs *candidates) supersede(id string, at time.Time) {
	cs.signals = slices.DeleteFunc(cs.signals, func(a *auditedAction) bool {
		if a.id == id {
			return false
		}
		a.superseded = at
		return true
	})
}

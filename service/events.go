package service

import (
	"context"

	"wharf/dockerx"
	"wharf/service/eventlog"
)

// Events is the one door to the log of what happened.
type Events struct {
	log *eventlog.Log
}

// NewEvents opens the door to a log.
func NewEvents(log *eventlog.Log) *Events { return &Events{log: log} }

// Subscribe opens a stream of what the actor may see. Close ends it.
func (e *Events) Subscribe(actor Actor, o eventlog.Subscribe) *eventlog.Subscription {
	o.Allow, o.ShownAction, o.CoarseIDs = actor.seesRecord, actor.shownAction, !actor.everywhere(View)
	return e.log.Subscribe(o)
}

// Query reads what the actor may see of the past. Errors: Invalid for a foreign cursor.
func (e *Events) Query(ctx context.Context, actor Actor, q eventlog.Query) (eventlog.Page, error) {
	q.Allow, q.ShownAction = actor.seesRecord, actor.shownAction
	return e.log.Query(ctx, q)
}

// seesRecord reports whether a record may be shown. A container's event carries its labels, and these
// alone count, not what an engine adds in attributes; what
// isn't about a container has none, so that a grant by label doesn't show it.
func (a Actor) seesRecord(r *eventlog.Record) bool {
	switch {
	case r.Kind != dockerx.KindDocker:
		return r.Host == "" || a.somewhereOn(r.Host, View)
	case a.everywhereOn(r.Host, View):
		return true
	default:
		return r.Type == "container" && a.roleOn(r.Host, r.Labels).atLeast(needs[View])
	}
}

// MasksRecord reports whether the actor sees a record through MaskEvent.
func (a Actor) MasksRecord(r *eventlog.Record) bool {
	return !a.Unmasked && !a.roleOn(r.Host, r.Labels).atLeast(RoleAdmin)
}

// shownAction returns a record's action as the actor sees it.
func (a Actor) shownAction(r *eventlog.Record) string {
	if a.MasksRecord(r) {
		return maskAction(r.Action)
	}
	return r.Action
}

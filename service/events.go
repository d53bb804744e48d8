package service

import (
	"context"

	"wharf/dockerx/events"
	"wharf/service/eventlog"
)

// Events is the only access to the event log: an actor gets only the records that it may see.
type Events struct {
	log *eventlog.Log
}

// NewEvents returns an Events for a log.
func NewEvents(log *eventlog.Log) *Events { return &Events{log: log} }

// Subscribe opens a subscription to the records that the actor may see. The caller must close it.
func (e *Events) Subscribe(actor Actor, o eventlog.Subscribe) *eventlog.Subscription {
	o.Allow, o.ShownAction, o.CoarseIDs = actor.seesRecord, actor.shownAction, !actor.SeesAll()
	return e.log.Subscribe(o)
}

// Query returns a page of the stored records that the actor may see. Errors: Invalid for a malformed cursor.
func (e *Events) Query(ctx context.Context, actor Actor, q eventlog.Query) (eventlog.Page, error) {
	q.Allow, q.ShownAction, q.CoarseCursors = actor.seesRecord, actor.shownAction, !actor.SeesAll()
	return e.log.Query(ctx, q)
}

// seesRecord reports whether the actor may see a record. Grants by label match a container's own labels, which its events
// include, not the attributes that an engine adds. Records that aren't about a container have no labels.
func (a Actor) seesRecord(r *eventlog.Record) bool {
	switch {
	case r.Kind != events.KindDocker:
		return r.Host == "" || a.somewhereOn(r.Host, View)
	case a.everywhereOn(r.Host, View):
		return true
	default:
		return r.Type == "container" && a.roleOn(r.Host, r.Labels).atLeast(needs[View])
	}
}

// MasksRecord reports whether the actor may see a record only after MaskEvent has masked it.
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

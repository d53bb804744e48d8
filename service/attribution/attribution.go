// Package attribution finds the audited action that caused an event of an engine, and adds the action's actor and audit row
// to the event.
//
// It matches events to actions by container, kind and time. It reads the audit and the event log and writes neither.
// service.Audit owns the one Attributor. Package eventlog calls it for each batch before the batch is stored, so that an
// event is attributed once, by the replica that stores it.
//
// Limits: engines don't report which request caused an event. So an action may be related to an unrelated event of the same
// container within seconds, and a clock that is wrong by more than clockSlack hides a relation. An event with another cause
// stays unattributed only if each action at that time already has its own events.
package attribution

import (
	"context"
	"maps"
	"time"

	"wharf/db"
	"wharf/dockerx/events"
)

// The attributes that Attribute adds to an event.
const (
	AttrActor = "wharf.actor" // the user's name; empty for the anonymous caller of open mode
	AttrAudit = "wharf.audit" // the id of the row in the audit log
)

// Attributor attributes events to the actions in the audit of one database. It is safe for concurrent use.
type Attributor struct{ db *db.DB }

// New returns an Attributor for the audit and the event log of a migrated database.
func New(d *db.DB) *Attributor { return &Attributor{db: d} }

// Attribute adds AttrActor and AttrAudit to each container event that an action on any replica caused. It doesn't change
// other events. Each action causes one event per kind, so a second event of that kind isn't attributed to it. The attribute
// maps are replaced, not changed. The error is the database's.
func (a *Attributor) Attribute(ctx context.Context, events []*events.Event) error {
	all, err := a.audited(ctx, groups(events))
	if err != nil {
		return err
	}
	for _, g := range all {
		candidates, err := a.load(ctx, g)
		if err != nil {
			return err
		}
		for _, e := range g.events {
			if action := candidates.match(e); action != nil {
				e.Attrs = maps.Clone(e.Attrs)
				e.Attrs[AttrActor], e.Attrs[AttrAudit] = action.username, action.id
			}
			candidates.add(e)
		}
	}
	return nil
}

// localTime returns the event's time by this server's clock.
func localTime(e *events.Event) time.Time { return e.Time.Add(-e.ClockSkew) }

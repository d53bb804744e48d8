// Package attribution finds which audited action caused an event that an engine reported, and marks the event with that
// action's actor and audit row.
//
// Its job is to match events to actions by container, kind and time. It reads the audit and the event log and writes
// neither: service.Audit owns the one Attributor and service/eventlog calls it for each batch before the batch is
// stored, so that an event is attributed once, by the replica that stores it.
//
// Its limits: engines don't say which request caused an event. An action and an event of the same container that are
// within seconds of each other can therefore be unrelated, and a clock that is wrong by more than clockSlack hides a
// relation. An event that happened outside wharf or by itself stays unmarked as long as each action in that time has
// its own events already.
package attribution

import (
	"context"
	"maps"
	"time"

	"wharf/db"
	"wharf/dockerx/events"
)

// Attributes that Attribute adds to an event, besides the engine's own.
const (
	AttrActor = "wharf.actor" // the user's name; empty for the anonymous caller of open mode
	AttrAudit = "wharf.audit" // the id of the row in the audit log
)

// Attributor attributes events to the actions in the audit of one database. It is safe for concurrent use.
type Attributor struct{ db *db.DB }

// New returns an Attributor for the audit and the event log of a migrated database.
func New(d *db.DB) *Attributor { return &Attributor{db: d} }

// Attribute adds AttrActor and AttrAudit to each container event that an action caused, on any replica. Other events
// stay as they are. Each action causes one event per kind, so that the next event of that kind soon after it is not
// attributed to it. The attribute maps are replaced, not changed. Errors are the database's.
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

// localTime returns when the event happened by this server's clock.
func localTime(e *events.Event) time.Time { return e.Time.Add(-e.ClockSkew) }

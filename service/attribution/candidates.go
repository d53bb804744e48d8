package attribution

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/dockerx"
)

// auditedAction is an action on a container, and what is attributed to it. Times of events are the engine's.
type auditedAction struct {
	sqlc.AuditOfContainersRow
	operation string // Action without its prefix "container."
	// attributed maps each kind of event that is attributed to the action to the time of its first one.
	attributed map[string]time.Time
	// superseded is when another signal than the action's came, if the action is a signal: zero before that.
	superseded time.Time
}

func newAuditedAction(row sqlc.AuditOfContainersRow) *auditedAction {
	return &auditedAction{
		AuditOfContainersRow: row, operation: strings.TrimPrefix(row.Action, "container."), attributed: map[string]time.Time{},
	}
}

// candidates are the actions that may have caused an event, the latest first.
type candidates []*auditedAction

// maxAttributed bounds how many stored events of a container are read for what is attributed to its actions.
const maxAttributed = 1000

// load finds the actions that may have caused the events, which are in order, and what is attributed to them already.
func (a *Attributor) load(ctx context.Context, events []*dockerx.Event) (candidates, error) {
	byTime := func(x, y *dockerx.Event) int { return localTime(x).Compare(localTime(y)) }
	rows, err := a.db.Queries().AuditOfContainers(ctx, sqlc.AuditOfContainersParams{
		Since: db.Time(localTime(slices.MinFunc(events, byTime)).Add(-pendingMax)),
		Until: db.Time(localTime(slices.MaxFunc(events, byTime)).Add(clockSlack)),
	})
	if err != nil {
		return nil, fmt.Errorf("find actions that may have caused events: %w", err)
	}
	var all candidates
	type container struct{ host, id string }
	since := map[container]time.Time{} // by the engine's clock
	for _, row := range rows {
		c := newAuditedAction(row)
		i := slices.IndexFunc(events, c.covers)
		if i < 0 {
			continue
		}
		all = append(all, c)
		since[container{c.Host, c.ContainerID}] = c.At.Add(events[i].ClockSkew - clockSlack) // rows get older
	}
	for c, from := range since {
		if err := a.loadAttributed(ctx, all, c.host, c.id, from); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// loadAttributed adds the stored events of a container to its actions, whichever replica attributed them.
func (a *Attributor) loadAttributed(ctx context.Context, all candidates, host, id string, since time.Time) error {
	rows, err := a.db.Queries().EventsOfActorBackwards(ctx, sqlc.EventsOfActorBackwardsParams{
		Actor: id, Since: since.UnixNano(), Until: math.MaxInt64, UntilID: math.MaxInt64, MaxRows: maxAttributed,
	})
	if err != nil {
		return fmt.Errorf("find events of a container: %w", err)
	}
	for _, row := range slices.Backward(rows) {
		e := dockerx.Event{Host: row.Host, Action: row.Action, ActorID: row.ActorID, Time: time.Unix(0, row.TimeNano)}
		if row.Host != host || causedBy[row.Action] == nil {
			continue
		}
		if strings.Contains(row.Attrs, AttrAudit) {
			if err := json.Unmarshal([]byte(row.Attrs), &e.Attrs); err != nil {
				return fmt.Errorf("decode attributes of event %d: %w", row.ID, err)
			}
		}
		all.add(&e)
	}
	return nil
}

// add updates the actions on the event's container by an event with its attribution. Events are added in order.
func (cs candidates) add(e *dockerx.Event) {
	for _, a := range cs {
		if a.Host != e.Host || a.ContainerID != e.ActorID {
			continue
		}
		at, had := a.attributed[e.Action]
		switch mine := a.ID.String() == e.Attrs[AttrAudit]; {
		case mine && !had:
			a.attributed[e.Action] = e.Time
		case mine && e.Action != "kill":
			if other := cs.alternative(a, e); other != nil {
				other.attributed[e.Action], a.attributed[e.Action] = at, e.Time
			}
		case !mine && had && e.Action == "kill" && a.operation == operationKill && a.superseded.IsZero():
			a.superseded = e.Time
		}
	}
}

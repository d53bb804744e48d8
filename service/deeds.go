package service

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

// deed is what somebody did to a container through wharf. Times of events are the daemon's.
type deed struct {
	sqlc.AuditOfContainersRow
	// led is when the first event of each action came that is laid to the deed.
	led map[string]time.Time
	// overtaken is when somebody else sent a signal after the deed's, which was a signal alone.
	overtaken time.Time
}

// deeds are the latest first.
type deeds []*deed

// storedMax bounds how many events of a container are looked at for what is laid to its deeds.
const storedMax = 1000

// deedsBehind finds the deeds that may have led to the events, which are in order, and what is laid
// to them already.
func (a *Audit) deedsBehind(ctx context.Context, events []*dockerx.Event) (deeds, error) {
	byTime := func(x, y *dockerx.Event) int { return ourTime(x).Compare(ourTime(y)) }
	rows, err := a.db.Queries().AuditOfContainers(ctx, sqlc.AuditOfContainersParams{
		Since: db.Time(ourTime(slices.MinFunc(events, byTime)).Add(-causeMax)),
		Until: db.Time(ourTime(slices.MaxFunc(events, byTime)).Add(causeSlack)),
	})
	if err != nil {
		return nil, fmt.Errorf("find causes of events: %w", err)
	}
	var all deeds
	type container struct{ host, id string }
	since := map[container]time.Time{} // by the daemon's clock
	for _, row := range rows {
		d := &deed{AuditOfContainersRow: row, led: map[string]time.Time{}}
		i := slices.IndexFunc(events, d.inTime)
		if i < 0 {
			continue
		}
		all = append(all, d)
		since[container{d.Host, d.ContainerID}] = d.At.Add(events[i].ClockSkew - causeSlack) // rows get older
	}
	for c, from := range since {
		if err := a.recall(ctx, all, c.host, c.id, from); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// recall notes which stored events of a container are laid to its deeds, by whichever replica.
func (a *Audit) recall(ctx context.Context, all deeds, host, id string, since time.Time) error {
	rows, err := a.db.Queries().EventsOfActorBackwards(ctx, sqlc.EventsOfActorBackwardsParams{
		Actor: id, Since: since.UnixNano(), Until: math.MaxInt64, UntilID: math.MaxInt64, MaxRows: storedMax,
	})
	if err != nil {
		return fmt.Errorf("find events of a container: %w", err)
	}
	for _, row := range slices.Backward(rows) {
		e := dockerx.Event{Host: row.Host, Action: row.Action, ActorID: row.ActorID, Time: time.Unix(0, row.TimeNano)}
		if row.Host != host || causes[row.Action] == nil {
			continue
		}
		if strings.Contains(row.Attrs, AttrAudit) {
			if err := json.Unmarshal([]byte(row.Attrs), &e.Attrs); err != nil {
				return fmt.Errorf("decode attributes of event %d: %w", row.ID, err)
			}
		}
		all.note(&e)
	}
	return nil
}

// note keeps what an event means for the deeds on its container. Events are noted in order.
func (ds deeds) note(e *dockerx.Event) {
	for _, d := range ds {
		if d.Host != e.Host || d.ContainerID != e.ActorID {
			continue
		}
		at, had := d.led[e.Action]
		switch mine := d.ID.String() == e.Attrs[AttrAudit]; {
		case mine && !had:
			d.led[e.Action] = e.Time
		case mine && e.Action != "kill":
			if o := ds.other(d, e); o != nil {
				o.led[e.Action], d.led[e.Action] = at, e.Time
			}
		case !mine && had && e.Action == "kill" && d.Action == "container.kill" && d.overtaken.IsZero():
			d.overtaken = e.Time
		}
	}
}

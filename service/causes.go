package service

import (
	"context"
	"maps"
	"slices"
	"time"

	"wharf/dockerx"
)

// What an event says of who caused it, besides the daemon's own attributes.
const (
	AttrActor = "wharf.actor" // the user's name; empty for the anonymous caller of open mode
	AttrAudit = "wharf.audit" // the id of the row in the audit log
)

// causes are the deeds that lead to each of Docker's events of a container.
var causes = map[string][]string{
	"start":   {"container.start", "container.restart"},
	"restart": {"container.restart"},
	"kill":    {"container.stop", "container.restart", "container.kill"},
	"die":     {"container.stop", "container.restart", "container.kill"},
	"died":    {"container.stop", "container.restart", "container.kill"}, // Podman's word
	"stop":    {"container.stop", "container.restart"},
	"pause":   {"container.pause"},
	"unpause": {"container.unpause"},
}

// sequence is the order of a deed's events. The daemon writes an end and its "stop" in either order;
// where "restart" stands differs between engines.
var sequence = map[string]int{"kill": 1, "die": 2, "died": 2, "stop": 2, "start": 3}

const (
	// causeSlack is how far an event's time may lie outside its deed's. The clocks of the daemon
	// and of a replica are known to half of a call's duration.
	causeSlack = 2 * time.Second
	// killSlack is how long after a signal its container may die of it: the call doesn't wait.
	killSlack = 15 * time.Second
	// causeMax is the longest that a deed without an end is held responsible.
	causeMax = time.Hour
)

// Annotate adds to each event of a container that somebody caused through wharf, on any
// replica, who it was (AttrActor, AttrAudit). What happened by itself or past wharf stays as
// it is: a deed has one end, so that the next one, soon after it, is somebody else's. The maps
// of attributes are replaced, not changed.
func (a *Audit) Annotate(ctx context.Context, events []*dockerx.Event) error {
	events = slices.DeleteFunc(slices.Clone(events), func(e *dockerx.Event) bool {
		return e.Kind != dockerx.KindDocker || e.Type != "container" || causes[e.Action] == nil
	})
	if a == nil || len(events) == 0 {
		return nil
	}
	slices.SortStableFunc(events, func(x, y *dockerx.Event) int { return x.Time.Compare(y.Time) })
	all, err := a.deedsBehind(ctx, events)
	if err != nil {
		return err
	}
	for _, e := range events {
		d := all.behind(e)
		if d != nil {
			e.Attrs = maps.Clone(e.Attrs)
			e.Attrs[AttrActor], e.Attrs[AttrAudit] = d.Username, d.ID.String()
		}
		all.note(e)
	}
	return nil
}

// ourTime is when the event happened by our clock.
func ourTime(e *dockerx.Event) time.Time { return e.Time.Add(-e.ClockSkew) }

// behind returns the deed that led to the event, nil where there was none: of several the one
// that it is nearest to, then the latest. Where two overlapped, what was laid to one may have been
// the other's; then the one is free for this.
func (ds deeds) behind(e *dockerx.Event) (nearest *deed) {
	var best time.Duration
	for _, d := range ds {
		if !d.inTime(e) || !d.hasRoom(e) {
			continue
		}
		if off := d.distance(ourTime(e)); nearest == nil || off < best {
			nearest, best = d, off
		}
	}
	if nearest != nil {
		return nearest
	}
	for _, d := range ds {
		if d.inTime(e) && d.inSequence(e) && ds.other(d, e) != nil {
			return d
		}
	}
	return nil
}

// other finds a deed that may have led to what is laid to d of the event's action.
func (ds deeds) other(d *deed, e *dockerx.Event) *deed {
	laid := *e
	laid.Time = d.led[e.Action]
	for _, o := range ds {
		if o != d && o.inTime(&laid) && o.hasRoom(&laid) {
			return o
		}
	}
	return nil
}

// inTime tells whether the event is one that such a deed causes, and came about during it.
func (d *deed) inTime(e *dockerx.Event) bool {
	slack := causeSlack
	if d.Action == "container.kill" {
		slack = killSlack
	}
	at := ourTime(e)
	switch {
	case d.Host != e.Host || d.ContainerID != e.ActorID || !slices.Contains(causes[e.Action], d.Action):
		return false
	case at.Before(d.At.Add(-causeSlack)) || at.After(d.At.Add(causeMax)):
		return false
	}
	return !d.FinishedAt.Valid || !at.After(d.FinishedAt.Time.Add(slack))
}

// hasRoom tells whether the event can be the deed's besides those that are. A deed leads to one
// event of each action, but stop and restart send a second signal to who doesn't heed the first.
func (d *deed) hasRoom(e *dockerx.Event) bool {
	if at, ok := d.led[e.Action]; ok && (e.Action != "kill" || d.Action == "container.kill") {
		return at.Equal(e.Time)
	}
	return d.inSequence(e)
}

// inSequence tells whether the deed can have led to the event after those that are its. Who dies
// after another signal has died of that one.
func (d *deed) inSequence(e *dockerx.Event) bool {
	for action, at := range d.led {
		if mine := sequence[e.Action]; mine > 0 && sequence[action] > mine && at.Before(e.Time) {
			return false
		}
	}
	return d.overtaken.IsZero() || e.Time.Before(d.overtaken)
}

// distance is how far a time lies outside the deed's.
func (d *deed) distance(at time.Time) time.Duration {
	switch {
	case at.Before(d.At):
		return d.At.Sub(at)
	case d.FinishedAt.Valid && at.After(d.FinishedAt.Time):
		return at.Sub(d.FinishedAt.Time)
	}
	return 0
}

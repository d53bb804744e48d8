package service

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"wharf/db"
	"wharf/db/sqlc"
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

const (
	// causeSlack is how far the clocks of a daemon and of wharf may be apart.
	causeSlack = 2 * time.Second
	// killSlack is how long after a signal its container may die of it: the call doesn't wait.
	killSlack = 15 * time.Second
	// causeMax is the longest that a deed without an end is held responsible.
	causeMax = time.Hour
)

// Annotate adds to each event of a container that somebody caused through wharf, on any
// replica, who it was (AttrActor, AttrAudit). What happened by itself or past wharf stays as
// it is. The maps of attributes are replaced, not changed.
func (a *Audit) Annotate(ctx context.Context, events []*dockerx.Event) error {
	events = slices.DeleteFunc(slices.Clone(events), func(e *dockerx.Event) bool {
		return e.Kind != dockerx.KindDocker || e.Type != "container" || causes[e.Action] == nil
	})
	if a == nil || len(events) == 0 {
		return nil
	}
	byTime := func(x, y *dockerx.Event) int { return x.Time.Compare(y.Time) }
	rows, err := a.db.Queries().AuditOfContainers(ctx, sqlc.AuditOfContainersParams{
		Since: db.Time(slices.MinFunc(events, byTime).Time.Add(-causeMax)),
		Until: db.Time(slices.MaxFunc(events, byTime).Time.Add(causeSlack)),
	})
	if err != nil {
		return fmt.Errorf("find causes of events: %w", err)
	}
	for _, e := range events {
		i := slices.IndexFunc(rows, func(r sqlc.AuditOfContainersRow) bool { return explains(r, e) })
		if i < 0 {
			continue
		}
		e.Attrs = maps.Clone(e.Attrs)
		e.Attrs[AttrActor], e.Attrs[AttrAudit] = rows[i].Username, rows[i].ID.String()
	}
	return nil
}

// explains tells whether the event came about during a deed. A deed that failed or was refused
// explains nothing.
func explains(r sqlc.AuditOfContainersRow, e *dockerx.Event) bool {
	slack := causeSlack
	if r.Action == "container.kill" {
		slack = killSlack
	}
	switch {
	case r.Host != e.Host || r.ContainerID != e.ActorID || !slices.Contains(causes[e.Action], r.Action):
		return false
	case r.Outcome != OutcomePending && r.Outcome != OutcomeOK:
		return false
	case e.Time.Before(r.At.Add(-causeSlack)) || e.Time.After(r.At.Add(causeMax)):
		return false
	}
	return !r.FinishedAt.Valid || !e.Time.After(r.FinishedAt.Time.Add(slack))
}

package attribution

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/dockerx/events"
)

// eventPage is how many stored events one query reads.
const eventPage = 500

// container identifies a container on a host.
type container struct{ host, id string }

// group has the events of one container in a batch, sorted by time.
type group struct {
	container
	events      []*events.Event
	first, last time.Time     // of the events, by this server's clock
	ahead       time.Duration // how far the engine's clock is ahead of this server's
}

// groups returns the container events that operations can cause, grouped by container.
func groups(batch []*events.Event) []*group {
	var all []*group
	byContainer := map[container]*group{}
	for _, e := range batch {
		if e.Kind != events.KindDocker || e.Type != "container" || causedBy[e.Action] == nil {
			continue
		}
		c, at := container{e.Host, e.ActorID}, localTime(e)
		g := byContainer[c]
		if g == nil {
			g = &group{container: c, first: at, last: at, ahead: e.ClockSkew}
			all, byContainer[c] = append(all, g), g
		}
		g.events = append(g.events, e)
		if at.Before(g.first) {
			g.first = at
		}
		if at.After(g.last) {
			g.last = at
		}
	}
	for _, g := range all {
		slices.SortStableFunc(g.events, func(x, y *events.Event) int { return x.Time.Compare(y.Time) })
	}
	return all
}

// fewGroups is the number of containers up to which audited makes no query.
const fewGroups = 2

// audited returns the groups whose container may have an action near its events. It makes one query for all groups, as most
// events of a large batch aren't caused by actions.
func (a *Attributor) audited(ctx context.Context, all []*group) ([]*group, error) {
	if len(all) <= fewGroups {
		return all, nil
	}
	first, last := all[0].first, all[0].last
	for _, g := range all {
		if g.first.Before(first) {
			first = g.first
		}
		if g.last.After(last) {
			last = g.last
		}
	}
	ids, err := a.db.Queries().AuditedContainers(ctx, sqlc.AuditedContainersParams{
		FinishedSince: finishTime(first.Add(-killSlack)), FinishedUntil: finishTime(last.Add(2 * pendingMax)), // no action lasts that long
	})
	if err != nil {
		return nil, fmt.Errorf("find containers with actions: %w", err)
	}
	found := make(map[string]bool, len(ids))
	for _, id := range ids {
		found[id] = true
	}
	return slices.DeleteFunc(all, func(g *group) bool { return !found[g.id] }), nil
}

// load returns the actions that may have caused events of the group, and the actions that overlap them, which may have caused
// events that are attributed to the former. All have the events that are already attributed to them.
func (a *Attributor) load(ctx context.Context, g *group) (*candidates, error) {
	actions, err := a.actions(ctx, g.container, g.first, g.last)
	if err != nil {
		return nil, err
	}
	actions = slices.DeleteFunc(actions, func(a *auditedAction) bool { return !slices.ContainsFunc(g.events, a.covers) })
	if len(actions) == 0 {
		return newCandidates(nil), nil
	}
	// The actions are sorted from the latest to the earliest.
	since := actions[len(actions)-1].at.Add(-clockSlack)
	if actions, err = a.actions(ctx, g.container, since, g.last); err != nil {
		return nil, err
	}
	all := newCandidates(actions)
	return all, a.loadAttributed(ctx, g, all)
}

// actions returns the actions on a container that may have caused events between two times of this server's clock, the
// latest first. Their number isn't limited.
func (a *Attributor) actions(ctx context.Context, c container, first, last time.Time) ([]*auditedAction, error) {
	rows, err := a.db.Queries().AuditOfContainer(ctx, sqlc.AuditOfContainerParams{
		Host: c.host, ContainerID: c.id, FinishedSince: finishTime(first.Add(-killSlack)),
		Since: db.Time(first.Add(-pendingMax)), Until: db.Time(last.Add(clockSlack)),
	})
	if err != nil {
		return nil, fmt.Errorf("find actions on a container: %w", err)
	}
	actions := make([]*auditedAction, len(rows))
	for i := range rows {
		actions[i] = newAuditedAction(&rows[i])
	}
	slices.SortFunc(actions, func(x, y *auditedAction) int {
		return cmp.Or(y.at.Compare(x.at), strings.Compare(y.id, x.id))
	})
	return actions, nil
}

// finishTime returns a time in the form for comparisons with the column finished_at.
func finishTime(t time.Time) sql.NullTime { return sql.NullTime{Time: db.Time(t), Valid: true} }

// loadAttributed adds the stored events of the container to the actions, including those that other replicas attributed.
func (a *Attributor) loadAttributed(ctx context.Context, g *group, all *candidates) error {
	since, until := g.first, g.last
	for _, action := range all.actions {
		if action.at.Before(since) {
			since = action.at
		}
		if end := action.end(); end.After(until) {
			until = end
		}
	}
	arg := sqlc.EngineEventsOfContainerParams{
		Host: g.host, ContainerID: g.id, MaxRows: eventPage,
		Since: since.Add(g.ahead - clockSlack).UnixNano(), Until: until.Add(g.ahead).UnixNano(),
	}
	for {
		rows, err := a.db.Queries().EngineEventsOfContainer(ctx, arg)
		if err != nil {
			return fmt.Errorf("find events of a container: %w", err)
		}
		for i := range rows {
			arg.Since, arg.SinceID = rows[i].TimeNano, rows[i].ID
			if causedBy[rows[i].Action] == nil {
				continue
			}
			e, err := storedEvent(&rows[i], g.ahead)
			if err != nil {
				return err
			}
			all.add(e)
		}
		if len(rows) < eventPage {
			return nil
		}
	}
}

// storedEvent returns the fields of a stored event that attribution needs. The engine's clock offset isn't stored, so the
// current one is used: without an offset, an event from a wrong clock would lie outside every action.
func storedEvent(row *sqlc.EngineEventsOfContainerRow, ahead time.Duration) (*events.Event, error) {
	e := &events.Event{Action: row.Action, Time: time.Unix(0, row.TimeNano), ClockSkew: ahead}
	if strings.Contains(row.Attrs, AttrAudit) {
		if err := json.Unmarshal([]byte(row.Attrs), &e.Attrs); err != nil {
			return nil, fmt.Errorf("decode attributes of event %d: %w", row.ID, err)
		}
	}
	return e, nil
}

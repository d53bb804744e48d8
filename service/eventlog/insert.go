package eventlog

import (
	"context"
	"encoding/json"
	"fmt"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/dockerx"
)

// insert stores a batch's rows and tells which were new. KindState is no event and has no row.
func (l *Log) insert(ctx context.Context, q *sqlc.Queries, batch []*pending, rows []sqlc.InsertEventParams) ([]bool, error) {
	stored := make([]bool, len(rows))
	if l.db.Kind() == db.Postgres {
		return stored, insertTogether(ctx, q, batch, rows, stored)
	}
	for i := range rows {
		if batch[i].rec.Kind == dockerx.KindState {
			continue
		}
		n, err := q.InsertEvent(ctx, rows[i])
		if err != nil {
			return nil, err
		}
		stored[i] = n == 1
	}
	return stored, nil
}

// insertTogether saves a Postgres the round trips.
func insertTogether(ctx context.Context, q *sqlc.Queries, batch []*pending, rows []sqlc.InsertEventParams, stored []bool) error {
	arg := sqlc.InsertEventsParams{LoggedAt: rows[0].LoggedAt}
	for i := range rows {
		r := &rows[i]
		if batch[i].rec.Kind == dockerx.KindState {
			continue
		}
		arg.Ids, arg.Hosts, arg.Kinds = append(arg.Ids, r.ID), append(arg.Hosts, r.Host), append(arg.Kinds, r.Kind)
		arg.Types, arg.Actions = append(arg.Types, r.Type), append(arg.Actions, r.Action)
		arg.ActorIds, arg.ActorNames = append(arg.ActorIds, r.ActorID), append(arg.ActorNames, r.ActorName)
		arg.TimeNanos, arg.Attrs = append(arg.TimeNanos, r.TimeNano), append(arg.Attrs, r.Attrs)
		arg.FromNanos, arg.ToNanos = append(arg.FromNanos, r.FromNano), append(arg.ToNanos, r.ToNano)
		arg.Reasons, arg.Keys = append(arg.Reasons, r.Reason), append(arg.Keys, r.Key)
	}
	if len(arg.Ids) == 0 {
		return nil
	}
	ids, err := q.InsertEvents(ctx, arg)
	if err != nil {
		return err
	}
	for _, id := range ids {
		stored[id-rows[0].ID] = true
	}
	return nil
}

// remember keeps what a reader needs after a restart: the state of each container and the
// latest event of each host.
func (l *Log) remember(ctx context.Context, q *sqlc.Queries, batch []*pending) error {
	for id, s := range statesAfter(batch) {
		var err error
		if s.gone {
			err = q.DeleteEventContainer(ctx, sqlc.DeleteEventContainerParams{Host: id.host, ID: id.id})
		} else {
			err = q.PutEventContainer(ctx, sqlc.PutEventContainerParams{Host: id.host, ID: id.id, Name: s.name, State: s.state})
		}
		if err != nil {
			return fmt.Errorf("remember a container's state: %w", err)
		}
	}
	for host, e := range latestOf(batch) {
		arg := sqlc.PutEventHostParams{Host: host, SeenNano: e.seen}
		if e.anchor != nil {
			b, err := json.Marshal(e.anchor)
			if err != nil {
				return fmt.Errorf("encode a host's anchor: %w", err)
			}
			arg.Anchor = string(b)
		}
		if err := q.PutEventHost(ctx, arg); err != nil {
			return fmt.Errorf("remember a host's anchor: %w", err)
		}
	}
	return nil
}

type containerID struct{ host, id string }

type containerState struct {
	name, state string
	gone        bool
}

// statesAfter folds a batch into the last state of each container that it is about.
func statesAfter(batch []*pending) map[containerID]containerState {
	states := make(map[containerID]containerState)
	for _, p := range batch {
		e := &p.rec.Event
		if e.Type != "container" || e.ActorID == "" {
			continue
		}
		state, gone := dockerx.StateAfter(e.Action)
		if e.Kind == dockerx.KindState {
			state = e.Action
		}
		if state != "" || gone {
			states[containerID{e.Host, clean(e.ActorID)}] = containerState{clean(e.ActorName), state, gone}
		}
	}
	return states
}

type hostState struct {
	anchor *dockerx.Event
	seen   int64
}

// latestOf finds the last event of each host's daemon in a batch.
func latestOf(batch []*pending) map[string]hostState {
	latest := make(map[string]hostState)
	for _, p := range batch {
		e := &p.rec.Event
		s := latest[e.Host]
		s.seen = e.Time.UnixNano()
		if e.Kind == dockerx.KindDocker && !inferred(e) {
			s.anchor = e
		}
		latest[e.Host] = s
	}
	return latest
}

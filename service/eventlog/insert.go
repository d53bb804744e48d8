package eventlog

import (
	"context"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/dockerx/events"
)

// insert stores the rows of a batch and reports which were new. Records of KindState have no row.
func (l *Log) insert(ctx context.Context, q *sqlc.Queries, batch []*pending, rows []sqlc.InsertEventParams) ([]bool, error) {
	stored := make([]bool, len(rows))
	if l.db.Kind() == db.Postgres {
		return stored, insertTogether(ctx, q, batch, rows, stored)
	}
	for i := range rows {
		if batch[i].rec.Kind == events.KindState {
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

// insertTogether stores all rows in one statement: on Postgres each statement is a round trip.
func insertTogether(ctx context.Context, q *sqlc.Queries, batch []*pending, rows []sqlc.InsertEventParams, stored []bool) error {
	arg := sqlc.InsertEventsParams{LoggedAt: rows[0].LoggedAt}
	for i := range rows {
		r := &rows[i]
		if batch[i].rec.Kind == events.KindState {
			continue
		}
		arg.Ids, arg.Hosts, arg.Kinds = append(arg.Ids, r.ID), append(arg.Hosts, r.Host), append(arg.Kinds, r.Kind)
		arg.Types, arg.Actions = append(arg.Types, r.Type), append(arg.Actions, r.Action)
		arg.ActorIds, arg.ActorNames = append(arg.ActorIds, r.ActorID), append(arg.ActorNames, r.ActorName)
		arg.TimeNanos, arg.Attrs = append(arg.TimeNanos, r.TimeNano), append(arg.Attrs, r.Attrs)
		arg.FromNanos, arg.ToNanos = append(arg.FromNanos, r.FromNano), append(arg.ToNanos, r.ToNano)
		arg.Reasons, arg.Keys = append(arg.Reasons, r.Reason), append(arg.Keys, r.Key)
		arg.Labels = append(arg.Labels, r.Labels)
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

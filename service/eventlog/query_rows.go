package eventlog

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"

	"wharf/db/sqlc"
)

// rows gets the next rows after a position, at most pageSize, narrowed by what the database can
// narrow: the gaps, whatever else is asked for, and the events.
func (l *Log) rows(ctx context.Context, q *Query, at position) ([]sqlc.Event, error) {
	rows, err := l.gapRows(ctx, q, at)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(q.Types, []string{"gap"}) {
		events, err := l.eventRows(ctx, q, at)
		if err != nil {
			return nil, err
		}
		rows = append(rows, events...)
	}
	slices.SortFunc(rows, func(a, b sqlc.Event) int {
		if !q.Ascending {
			a, b = b, a
		}
		return cmp.Or(cmp.Compare(a.TimeNano, b.TimeNano), cmp.Compare(a.ID, b.ID))
	})
	return rows[:min(len(rows), pageSize)], nil
}

func (l *Log) gapRows(ctx context.Context, q *Query, at position) ([]sqlc.Event, error) {
	db, host := l.db.Queries(), one(q.Hosts)
	since, until := nanosOr(q.Since, 0), nanosOr(q.Until, math.MaxInt64)
	if q.Ascending {
		return db.Gaps(ctx, sqlc.GapsParams{Since: at.nano, SinceID: at.id, Until: until, Host: host, MaxRows: pageSize})
	}
	return db.GapsBackwards(ctx, sqlc.GapsBackwardsParams{
		Before: at.nano, BeforeID: at.id, Since: since, Until: until, Host: host, MaxRows: pageSize,
	})
}

func (l *Log) eventRows(ctx context.Context, q *Query, at position) ([]sqlc.Event, error) {
	db := l.db.Queries()
	since, until := nanosOr(q.Since, 0), nanosOr(q.Until, math.MaxInt64)
	if !q.Ascending && at.nano > until { // among the gaps that end later
		at = position{until, math.MaxInt64}
	}
	if len(q.Containers) == 1 {
		actor, end := q.Containers[0], q.Containers[0]
		if len(actor) >= 12 {
			end += "g" // after every id that begins so
		}
		if q.Ascending {
			return db.EventsOfActor(ctx, sqlc.EventsOfActorParams{
				Actor: actor, IDEnd: end, Since: at.nano, SinceID: at.id, Until: until, MaxRows: pageSize,
			})
		}
		return db.EventsOfActorBackwards(ctx, sqlc.EventsOfActorBackwardsParams{
			Actor: actor, IDEnd: end, Since: since, Until: at.nano, UntilID: at.id, MaxRows: pageSize,
		})
	}
	host, typ := one(q.Hosts), one(q.Types)
	if q.Ascending {
		return db.EventsByTime(ctx, sqlc.EventsByTimeParams{
			Since: at.nano, SinceID: at.id, Until: until, Host: host, Type: typ, MaxRows: pageSize,
		})
	}
	return db.EventsByTimeBackwards(ctx, sqlc.EventsByTimeBackwardsParams{
		Since: since, Until: at.nano, UntilID: at.id, Host: host, Type: typ, MaxRows: pageSize,
	})
}

// one lets the database filter where there is a single value; else Filter alone does.
func one(values []string) sql.NullString {
	if len(values) != 1 {
		return sql.NullString{}
	}
	return sql.NullString{String: values[0], Valid: true}
}

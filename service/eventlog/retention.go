package eventlog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wharf/db/sqlc"
)

const (
	retentionEvery = 10 * time.Second
	busyRetention  = time.Second      // after a full step: the log grows fast
	quietRetention = 10 * time.Minute // while nothing is added
	deleteStep     = 500
	deletePause    = 10 * time.Millisecond // lets waiting writers proceed
)

// runRetention deletes expired records, a few at a time, since a deletion delays appends. Only one replica does it, see
// Options.Retains. It checks a log that doesn't grow less often, and one that grows fast more often.
func (l *Log) runRetention(ctx context.Context) {
	checked, grown := time.Time{}, int64(-1)
	for {
		wait := retentionEvery
		if last := l.hub.lastID(); (l.opts.Retains == nil || l.opts.Retains()) && (last != grown || time.Since(checked) >= quietRetention) {
			checked, grown = time.Now(), last
			full, err := l.deleteExpired(ctx)
			if full {
				wait = busyRetention
			}
			if err != nil && ctx.Err() == nil {
				grown = -1
				l.log.Warn().Err(err).Msg("cannot delete old events")
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// deleteExpired deletes all expired records, and reports whether they were at least a full step.
func (l *Log) deleteExpired(ctx context.Context) (full bool, err error) {
	for ctx.Err() == nil {
		upTo, rows, err := l.expiredUpTo(ctx)
		if err != nil || upTo == 0 {
			return full, err
		}
		if err := l.deleteUpTo(ctx, upTo); err != nil {
			return false, err
		}
		full = full || rows == deleteStep
		select {
		case <-time.After(deletePause):
		case <-ctx.Done():
		}
	}
	return full, nil
}

// expiredUpTo returns the highest id to delete next, and the number of records up to it, at most deleteStep. An id of 0 means
// none.
func (l *Log) expiredUpTo(ctx context.Context) (id int64, rows int32, err error) {
	err = l.db.InTx(ctx, func(q *sqlc.Queries) error {
		id, rows, err = l.findExpired(ctx, q)
		return err
	})
	return id, rows, err
}

func (l *Log) findExpired(ctx context.Context, q *sqlc.Queries) (id int64, rows int32, err error) {
	state, err := q.GetEventLog(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("read the event log's state: %w", err)
	}
	now, believed := l.opts.Clock.Believed()
	cutoff := now.Add(-l.opts.Keep)
	for _, nth := range [...]int32{deleteStep, deleteStep / 10, deleteStep / 100, 1} {
		row, err := q.NthEvent(ctx, nth-1)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return 0, 0, fmt.Errorf("find old events: %w", err)
		}
		if row.ID <= state.LastID-l.opts.Max || believed && row.LoggedAt.Before(cutoff) {
			return row.ID, nth, nil
		}
	}
	return 0, 0, nil
}

func (l *Log) deleteUpTo(ctx context.Context, id int64) error {
	return l.db.InTx(ctx, func(q *sqlc.Queries) error {
		if _, err := q.TakeEventIDs(ctx, 0); err != nil { // takes the log's lock
			return fmt.Errorf("lock the event log: %w", err)
		}
		if err := q.SetTrimmed(ctx, id); err != nil {
			return fmt.Errorf("mark the log as trimmed: %w", err)
		}
		if _, err := q.DeleteEventsUpTo(ctx, id); err != nil {
			return fmt.Errorf("delete old events: %w", err)
		}
		return nil
	})
}

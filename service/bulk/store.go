package bulk

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/service"
	"wharf/util/apperr"
	"wharf/util/text"
)

// begin writes that the operation on a container has started. An error is only logged: the end is written too.
func (b *Bulk) begin(ctx context.Context, j *run, position int) {
	_, err := b.db.Queries().BeginBulkTarget(ctx, sqlc.BeginBulkTargetParams{
		OperationID: j.id, Position: int32(position), StartedAt: nullTime(time.Now()),
	})
	b.logUnwritten(j.id, err)
}

// end writes the outcome for a container, which is the order-th to end, and reports whether it succeeded.
func (b *Bulk) end(ctx context.Context, j *run, o outcome, order int) (ok bool) {
	row := sqlc.EndBulkTargetParams{
		OperationID: j.id, Position: int32(o.position), State: StateOK, Changed: o.result.Changed, StateAfter: o.result.After.Status,
		FinishedAt: nullTime(time.Now()), Ended: int32(order),
	}
	if o.err != nil {
		row.State, row.Detail = StateFailed, reason(o.err)
	}
	_, err := b.db.Queries().EndBulkTarget(ctx, row)
	b.logUnwritten(j.id, err)
	j.notify()
	return o.err == nil
}

// reason returns the part of an error that callers may see.
func reason(err error) string {
	if e, ok := apperr.As(err); ok && e.Kind != apperr.Internal {
		return text.Truncate(e.Msg, 500)
	}
	return "internal error"
}

// finish writes an operation's end: waiting containers become skipped, running ones interrupted.
func (b *Bulk) finish(ctx context.Context, j *run, state string) {
	b.logUnwritten(j.id, b.finishStored(ctx, j.id, state))
}

func (b *Bulk) finishStored(ctx context.Context, id uuid.UUID, state string) error {
	now := nullTime(time.Now())
	return b.db.InTx(ctx, func(q *sqlc.Queries) error {
		_, err := q.EndBulkTargetsIn(ctx, sqlc.EndBulkTargetsInParams{
			OperationID: id, OldState: StateWaiting, State: StateSkipped, Detail: skipped[state], FinishedAt: now,
		})
		if err != nil {
			return err
		}
		_, err = q.EndBulkTargetsIn(ctx, sqlc.EndBulkTargetsInParams{
			OperationID: id, OldState: StateRunning, State: StateInterrupted, Detail: "the server ended during it", FinishedAt: now,
		})
		if err != nil {
			return err
		}
		_, err = q.EndBulkOperation(ctx, sqlc.EndBulkOperationParams{ID: id, State: state, FinishedAt: now})
		return err
	})
}

// skipped has the reason why containers were skipped, by the operation's state.
var skipped = map[string]string{
	StateFailed: "too many others failed before", StateCancelled: "cancelled before", StateInterrupted: "the server ended before",
}

func (b *Bulk) logUnwritten(id uuid.UUID, err error) {
	if err != nil {
		b.opts.Logger.Error().Err(err).Stringer("operation", id).Msg("cannot write how an operation goes")
	}
}

// EndOwn marks the operations that an earlier process of this server left unfinished as interrupted. Call it once, before
// anything starts. The error is the database's.
func (b *Bulk) EndOwn(ctx context.Context) error {
	left, err := b.db.Queries().UnfinishedBulkOperations(ctx, b.opts.Server)
	if err != nil {
		return fmt.Errorf("look for interrupted operations: %w", err)
	}
	for _, id := range left {
		if err := b.finishStored(ctx, id, StateInterrupted); err != nil {
			return fmt.Errorf("mark an operation as interrupted: %w", err)
		}
		b.opts.Logger.Warn().Stringer("operation", id).Msg("an earlier process ended during an operation on many containers")
	}
	return nil
}

func (b *Bulk) isCancelled(ctx context.Context, id uuid.UUID) bool {
	row, err := b.db.Queries().GetBulkOperation(ctx, id)
	return err == nil && row.Cancel
}

func targetOf(row *sqlc.BulkTarget) Target {
	return Target{
		Host: row.Host, ID: row.ContainerID, Name: row.ContainerName, State: row.State, Detail: row.Detail, Changed: row.Changed,
		After: row.StateAfter, Started: row.StartedAt.Time.UTC(), Finished: row.FinishedAt.Time.UTC(), Order: int(row.Ended),
	}
}

// seenBy returns the containers that an actor may see.
func seenBy(actor service.Actor, rows []sqlc.BulkTarget) []Target {
	seen := []Target{}
	for i := range rows {
		var labels map[string]string
		if json.Unmarshal([]byte(rows[i].Labels), &labels) == nil && actor.Sees(rows[i].Host, labels) {
			seen = append(seen, targetOf(&rows[i]))
		}
	}
	return seen
}

func nullTime(t time.Time) sql.NullTime { return sql.NullTime{Time: db.Time(t), Valid: true} }

package bulk

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/service"
	"wharf/util/apperr"
)

// followPoll is the interval at which Follow reads the progress on another replica.
const followPoll = time.Second

var errNone = apperr.New(apperr.NotFound, "no such operation")

// Get returns an operation with the containers that the actor may see. Errors: NotFound, also if it may see none of them.
func (b *Bulk) Get(ctx context.Context, actor service.Actor, id uuid.UUID) (Operation, error) {
	row, err := b.read(ctx, id)
	if err != nil {
		return Operation{}, err
	}
	rows, err := b.db.Queries().BulkTargets(ctx, id)
	if err != nil {
		return Operation{}, fmt.Errorf("read an operation's containers: %w", err)
	}
	op := Operation{ID: id, Operation: row.Operation, State: row.State, At: row.At.UTC(), Targets: seenBy(actor, rows)}
	if row.FinishedAt.Valid {
		op.Finished = row.FinishedAt.Time.UTC()
	}
	if owns(actor, &row) || actor.Has(service.Administer) {
		op.User = row.Username
	}
	if len(op.Targets) == 0 && len(rows) > 0 {
		return Operation{}, errNone
	}
	return op, nil
}

func (b *Bulk) read(ctx context.Context, id uuid.UUID) (sqlc.BulkOperation, error) {
	row, err := b.db.Queries().GetBulkOperation(ctx, id)
	if db.IsNoRows(err) {
		return row, errNone
	}
	if err != nil {
		return row, fmt.Errorf("read an operation: %w", err)
	}
	return row, nil
}

func owns(actor service.Actor, row *sqlc.BulkOperation) bool {
	return row.UserID == actor.UserID
}

// Cancel makes an operation start no more containers; those under way end normally. It has no effect on an operation that has
// ended. Errors: NotFound; Forbidden for another user's operation unless the actor is an admin.
func (b *Bulk) Cancel(ctx context.Context, actor service.Actor, id uuid.UUID) (Operation, error) {
	if _, err := b.Get(ctx, actor, id); err != nil {
		return Operation{}, err
	}
	row, err := b.read(ctx, id)
	switch {
	case err != nil:
		return Operation{}, err
	case !owns(actor, &row) && !actor.Has(service.Administer):
		return Operation{}, apperr.New(apperr.Forbidden, "another user's operation")
	}
	if _, err := b.db.Queries().CancelBulkOperation(ctx, id); err != nil {
		return Operation{}, fmt.Errorf("cancel an operation: %w", err)
	}
	if j := b.find(id); j != nil {
		j.cancel()
	}
	return b.Get(ctx, actor, id)
}

func (b *Bulk) find(id uuid.UUID) *run {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.running[id]
}

// Follow calls ended for each container that has ended, if the actor may see it, in the order of Target.Order and beginning
// after the order after. It returns nil when the operation has ended. Errors: NotFound, ended's, ctx's.
func (b *Bulk) Follow(ctx context.Context, actor service.Actor, id uuid.UUID, after int, ended func(Target) error) error {
	poll := time.NewTicker(followPoll)
	defer poll.Stop()
	for {
		var changed <-chan struct{}
		if j := b.find(id); j != nil {
			changed = j.next()
		}
		row, err := b.read(ctx, id) // before the containers: if the operation has ended, all containers are read
		if err != nil {
			return err
		}
		rows, err := b.db.Queries().EndedBulkTargets(ctx, sqlc.EndedBulkTargetsParams{OperationID: id, After: int32(after)})
		if err != nil {
			return fmt.Errorf("read an operation's containers: %w", err)
		}
		for _, t := range seenBy(actor, rows) {
			if err := ended(t); err != nil {
				return err
			}
		}
		if len(rows) > 0 {
			after = int(rows[len(rows)-1].Ended)
		}
		if row.FinishedAt.Valid {
			return nil
		}
		select {
		case <-changed:
		case <-poll.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

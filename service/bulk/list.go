package bulk

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"wharf/db/sqlc"
	"wharf/service"
	"wharf/util/apperr"
)

const (
	listDefault = 100
	listMax     = 500
)

// Summary is an operation in a list.
type Summary struct {
	ID        uuid.UUID
	Operation string
	State     string
	User      string
	At        time.Time // UTC
	Finished  time.Time // UTC; zero while it runs
	// Targets, Succeeded and Failed are numbers of containers: all, and those with that result so far.
	Targets, Succeeded, Failed int
}

// List returns a page of the actor's operations, or for an admin of all operations, the latest first. next is the cursor of
// the next page, empty on the last. Errors: Invalid for a malformed cursor.
func (b *Bulk) List(ctx context.Context, actor service.Actor, p service.Page) (page []Summary, next string, err error) {
	before := uuid.Max
	if p.Cursor != "" {
		if before, err = uuid.Parse(p.Cursor); err != nil {
			return nil, "", apperr.New(apperr.Invalid, "cursor: not one that was given")
		}
	}
	limit := p.Limit
	if limit <= 0 {
		limit = listDefault
	}
	limit = min(limit, listMax)
	rows, err := b.listRows(ctx, actor, before, int32(limit)+1)
	if err != nil {
		return nil, "", fmt.Errorf("list operations: %w", err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].ID.String()
	}
	page = make([]Summary, len(rows))
	for i, row := range rows {
		page[i] = Summary{
			ID: row.ID, Operation: row.Operation, State: row.State, User: row.Username, At: row.At.UTC(),
			Targets: int(row.Targets), Succeeded: int(row.Succeeded), Failed: int(row.Failed),
		}
		if row.FinishedAt.Valid {
			page[i].Finished = row.FinishedAt.Time.UTC()
		}
	}
	return page, next, nil
}

func (b *Bulk) listRows(ctx context.Context, actor service.Actor, before uuid.UUID, n int32) ([]sqlc.ListBulkOperationsRow, error) {
	if actor.Has(service.Administer) {
		return b.db.Queries().ListBulkOperations(ctx, sqlc.ListBulkOperationsParams{Before: before, Page: n})
	}
	own, err := b.db.Queries().ListBulkOperationsOf(ctx, sqlc.ListBulkOperationsOfParams{UserID: actor.UserID, Before: before, Page: n})
	rows := make([]sqlc.ListBulkOperationsRow, len(own))
	for i, row := range own {
		rows[i] = sqlc.ListBulkOperationsRow(row)
	}
	return rows, err
}

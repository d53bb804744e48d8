package service

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"wharf/db"
	"wharf/db/sqlc"
)

const (
	repeatsEvery = 10 * time.Second
	retainEvery  = time.Hour
	// auditBatch is how many rows are deleted at once.
	auditBatch = 5000
)

// EndOwn ends the rows that an earlier process of this server left pending, with the outcome unknown: no later event is
// attributed to their actions. Call it once, before anything is audited. The error is the database's.
func (a *Audit) EndOwn(ctx context.Context) error {
	n, err := a.db.Queries().EndPendingAudit(ctx, sqlc.EndPendingAuditParams{
		Outcome: OutcomeUnknown, Detail: "the server ended during it", FinishedAt: sql.NullTime{Time: db.Time(time.Now()), Valid: true}, Server: a.opts.Server,
	})
	if err != nil {
		return fmt.Errorf("end pending audit rows: %w", err)
	}
	if n > 0 {
		a.opts.Logger.Warn().Int64("actions", n).Msg("actions that an earlier process left pending now have an unknown outcome")
	}
	return nil
}

// Run counts repeated refusals in their rows and removes rows that are too old or too many. It
// returns nil when ctx ends.
func (a *Audit) Run(ctx context.Context) error {
	if a == nil {
		<-ctx.Done()
		return nil
	}
	repeats, retain := time.NewTicker(repeatsEvery), time.NewTicker(retainEvery)
	watch := time.NewTicker(time.Minute) // of the clock
	defer watch.Stop()
	defer repeats.Stop()
	defer retain.Stop()
	a.removeOld(ctx)
	for {
		select {
		case <-repeats.C:
			a.writeRepeats(ctx)
		case <-retain.C:
			a.removeOld(ctx)
		case <-watch.C:
			_, _ = a.opts.Clock.Believed()
		case <-a.full:
			a.removeBeyond(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			a.writeRepeats(last)
			return nil
		}
	}
}

// removeOld deletes rows that are older than the retention, and then those beyond the maximum. It runs again an hour
// later, so that errors need no retry.
func (a *Audit) removeOld(ctx context.Context) {
	if now, believed := a.opts.Clock.Believed(); believed && a.opts.Retention > 0 {
		_, _ = a.db.Queries().DeleteAuditBefore(ctx, db.Time(now.Add(-a.opts.Retention)))
	}
	a.removeBeyond(ctx)
}

// removeBeyond deletes the oldest rows beyond the maximum.
func (a *Audit) removeBeyond(ctx context.Context) {
	last, err := a.db.Queries().AuditBeyond(ctx, a.opts.Max)
	for err == nil {
		var n int64
		n, err = a.db.Queries().DeleteAuditUpTo(ctx, sqlc.DeleteAuditUpToParams{Last: last, Batch: auditBatch})
		if n < auditBatch {
			break
		}
	}
	if err != nil && !db.IsNoRows(err) && ctx.Err() == nil {
		a.opts.Logger.Error().Err(err).Msg("cannot delete audit rows beyond AUDIT_MAX")
	}
}

// wrote counts a new row, and wakes Run when there may be 2 % too many.
func (a *Audit) wrote() {
	if a.fresh.Add(1)%int64(max(a.opts.Max/50, 1)) != 0 {
		return
	}
	select {
	case a.full <- struct{}{}:
	default: // it has been woken already
	}
}

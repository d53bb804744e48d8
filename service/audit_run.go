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

// EndOwn ends the rows that an earlier process of this server left pending, with OutcomeUnknown, so that no later event is
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

// Run adds repeated refusals to their rows and deletes rows beyond Retention and Max. It returns nil when ctx ends.
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

// removeOld deletes rows older than Retention, and then those beyond Max. It runs every hour, so errors need no retry.
func (a *Audit) removeOld(ctx context.Context) {
	if now, believed := a.opts.Clock.Believed(); believed && a.opts.Retention > 0 {
		_, _ = a.db.Queries().DeleteAuditBefore(ctx, db.Time(now.Add(-a.opts.Retention)))
	}
	a.removeBeyond(ctx)
}

// removeBeyond deletes the oldest rows beyond Max.
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

// wrote counts a new row. It wakes Run after every 2 % of Max new rows.
func (a *Audit) wrote() {
	if a.fresh.Add(1)%int64(max(a.opts.Max/50, 1)) != 0 {
		return
	}
	select {
	case a.full <- struct{}{}:
	default: // Run has already been woken
	}
}

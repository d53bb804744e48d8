package service

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/util/apperr"
	"wharf/util/text"
)

// Record writes a pending row for the intent, calls fn with the row's id, and completes the row with fn's outcome, even if
// ctx has ended in the meantime. If the row can't be written, Record returns that error and doesn't call fn. Otherwise it
// returns fn's error.
func (a *Audit) Record(ctx context.Context, actor Actor, in Intent, fn func(ctx context.Context, id uuid.UUID) error) error {
	id, finish, err := a.Begin(ctx, actor, in)
	if err != nil {
		return err
	}
	err = fn(ctx, id)
	finish(err)
	return err
}

// Begin is the first half of Record, for an action that outlives its request: it writes the pending row and returns its id.
// finish completes the row with the action's outcome and doesn't use ctx.
func (a *Audit) Begin(ctx context.Context, actor Actor, in Intent) (id uuid.UUID, finish func(error), err error) {
	id, finish, err = a.begin(ctx, actor, in)
	if unwritten := (*unwrittenError)(nil); errors.As(err, &unwritten) {
		err = fmt.Errorf("write audit intent: %w", unwritten.error)
	}
	return id, finish, err
}

// Revoke is like Record, for actions that revoke rights: it calls fn even if the row can't be written, and logs the action
// instead.
func (a *Audit) Revoke(ctx context.Context, actor Actor, in Intent, fn func(ctx context.Context, id uuid.UUID) error) error {
	id, finish, err := a.begin(ctx, actor, in)
	if unwritten := (*unwrittenError)(nil); errors.As(err, &unwritten) {
		a.logUnwritten(actor, in, unwritten.error)
		return fn(ctx, uuid.Nil)
	}
	if err != nil {
		return err
	}
	err = fn(ctx, id)
	finish(err)
	return err
}

// unwrittenError is the error of a row that couldn't be written.
type unwrittenError struct{ error }

// begin implements Begin. If the row can't be written, the error is an unwrittenError. A nil *Audit writes no row.
func (a *Audit) begin(ctx context.Context, actor Actor, in Intent) (id uuid.UUID, finish func(error), err error) {
	if a == nil {
		return uuid.Nil, func(error) {}, nil
	}
	row, err := newAuditRow(ctx, actor, in)
	if err != nil {
		return uuid.Nil, nil, err
	}
	if err := ctx.Err(); err != nil {
		return uuid.Nil, nil, err
	}
	// write ignores the end of ctx: an interrupted write may have been committed, and its row would stay pending.
	if err := a.write(ctx, row); err != nil {
		return uuid.Nil, nil, &unwrittenError{err}
	}
	return row.ID, func(result error) { a.finish(row, result) }, nil
}

func (a *Audit) write(ctx context.Context, row sqlc.BeginAuditParams) error {
	row.Server = a.opts.Server
	err := a.db.Queries().BeginAudit(context.WithoutCancel(ctx), row)
	if err == nil {
		a.wrote()
	}
	return err
}

// finish completes a row, or deletes it if it repeats a refusal that already has a row.
func (a *Audit) finish(row sqlc.BeginAuditParams, result error) {
	ctx, q := context.Background(), a.db.Queries()
	row.Outcome, row.Detail = outcomeOf(result)
	if repeatable(result, row.Outcome) {
		key, first := a.refusals.count(&row, time.Now())
		if !first {
			if _, err := q.DeletePendingAudit(ctx, row.ID); err != nil {
				a.opts.Logger.Error().Err(err).Stringer("audit", row.ID).Msg("cannot delete the audit row of a repeated refusal")
			}
			return
		}
		defer a.refusals.wrote(key, nil)
	}
	_, err := q.FinishAudit(ctx, sqlc.FinishAuditParams{
		ID: row.ID, Outcome: row.Outcome, Detail: row.Detail, FinishedAt: sql.NullTime{Time: db.Time(time.Now()), Valid: true},
	})
	if err != nil {
		a.opts.Logger.Error().Err(err).Stringer("audit", row.ID).Str("outcome", row.Outcome).Msg("cannot complete an audit row")
	}
}

// RecordDone writes the complete row of an action that is already done or was refused. The row has the message of result,
// not of the errors that result wraps. The returned error is the database's.
func (a *Audit) RecordDone(ctx context.Context, actor Actor, in Intent, result error) error {
	if a == nil {
		return nil
	}
	row, err := newAuditRow(ctx, actor, in)
	if err != nil {
		return err
	}
	row.Outcome, row.Detail = outcomeOf(result)
	row.FinishedAt = sql.NullTime{Time: row.At, Valid: true}
	if !repeatable(result, row.Outcome) {
		return writeError(a.write(ctx, row))
	}
	key, first := a.refusals.count(&row, time.Now())
	if !first {
		return nil
	}
	err = a.write(ctx, row)
	a.refusals.wrote(key, err)
	return writeError(err)
}

// recordRevoked is like RecordDone, for rights that are already revoked: it logs the action if the row can't be written.
func (a *Audit) recordRevoked(ctx context.Context, actor Actor, in Intent) {
	if err := a.RecordDone(ctx, actor, in, nil); err != nil {
		a.logUnwritten(actor, in, err)
	}
}

func (a *Audit) logUnwritten(actor Actor, in Intent, err error) {
	a.opts.Logger.Error().Err(err).Str("user", actor.name()).Str("action", in.Action).Str("target", in.Target).
		Msg("rights revoked without an audit row")
}

func writeError(err error) error {
	if err != nil {
		return fmt.Errorf("write audit: %w", err)
	}
	return nil
}

// repeatable reports whether callers without rights can cause the result any number of times: a refusal, or an invalid
// request.
func repeatable(result error, outcome string) bool {
	return outcome == OutcomeRefused || (result != nil && apperr.KindOf(result) == apperr.Invalid)
}

func newAuditRow(ctx context.Context, actor Actor, in Intent) (sqlc.BeginAuditParams, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return sqlc.BeginAuditParams{}, fmt.Errorf("audit id: %w", err)
	}
	from := ClientOf(ctx)
	return sqlc.BeginAuditParams{
		ID: id, At: db.Time(time.Now()), UserID: actor.UserID, Username: actor.name(),
		ClientAddr: text.Truncate(from.Addr, 100), RequestID: text.Truncate(from.RequestID, 200),
		Action: in.Action, Host: text.Truncate(in.Host, 200), ContainerID: text.Truncate(in.ContainerID, 200),
		ContainerName: text.Truncate(in.ContainerName, 300), Target: text.Truncate(in.Target, 200), Outcome: OutcomePending,
	}, nil
}

// name returns the actor's name in the audit.
func (a Actor) name() string {
	if a.Anonymous {
		return ""
	}
	return a.Username
}

// errNothingToDo is the result of an action on a container that already has the requested state. It isn't a failure, but
// the action causes no event.
var errNothingToDo = errors.New("nothing to do")

// outcomeOf returns the outcome and detail of an action's row.
func outcomeOf(err error) (outcome, detail string) {
	switch {
	case err == nil:
		return OutcomeOK, ""
	case errors.Is(err, errNothingToDo):
		return OutcomeOK, errNothingToDo.Error()
	}
	if answered := (*answeredError)(nil); errors.As(err, &answered) {
		if answered.status < 400 {
			return OutcomeOK, answered.Error()
		}
		return OutcomeFailed, answered.Error()
	}
	outcome, detail = OutcomeFailed, "internal error"
	if e, ok := apperr.As(err); ok {
		detail = text.Truncate(e.Msg, 500)
		switch e.Kind {
		case apperr.Unauthorized, apperr.Forbidden, apperr.NotFound, apperr.TooMany:
			outcome = OutcomeRefused
		}
	}
	return outcome, detail
}

package service

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/dockerx"
	"wharf/service/attribution"
	"wharf/util/apperr"
	"wharf/util/steady"
	"wharf/util/text"
)

// The outcomes of an audited action.
const (
	OutcomePending = "pending" // under way
	OutcomeOK      = "ok"
	OutcomeRefused = "refused" // by wharf: not allowed, or not shown
	OutcomeFailed  = "failed"
	OutcomeUnknown = "unknown" // the server ended during it
)

// The actions that are audited here; those on containers begin with "container.".
const (
	ActionLogin       = "login"
	ActionLogout      = "logout"
	ActionUserCreate  = "user.create"
	ActionUserUpdate  = "user.update"
	ActionUserDelete  = "user.delete"
	ActionPassword    = "user.password"
	ActionGrantCreate = "grant.create"
	ActionGrantDelete = "grant.delete"
	ActionSessionEnd  = "session.end"
	ActionKeyCreate   = "key.create"
	ActionKeyDelete   = "key.delete"
	ActionRefused     = "refused" // by a route's or a host's permission; Target names the route

	actionPrefix = "container."
)

// Intent describes an action before it is done. Fields that don't apply are empty.
type Intent struct {
	Action                           string
	Host, ContainerID, ContainerName string
	Target                           string // a user, grant, session or key
}

// AuditOptions are the settings of NewAudit. The zero value of each field selects its default.
type AuditOptions struct {
	// Retention is how long rows are kept. Default 365 days, negative: for ever.
	Retention time.Duration
	// Max is how many rows are kept; the oldest beyond it are deleted. Default 1,000,000.
	Max int32
	// Clock decides whether rows are old enough to delete. Nil selects a new clock, which trusts no time for its first hour.
	Clock *steady.Clock
	// Server names this server across its restarts. EndOwn ends the pending rows of earlier processes of this name.
	Server string
	// Logger logs rows that could not be written or completed. The zero value logs nothing.
	Logger zerolog.Logger
}

// Audit records actions and their actors. It is safe for concurrent use. A nil *Audit records nothing.
type Audit struct {
	db       *db.DB
	opts     AuditOptions
	causes   *attribution.Attributor
	refusals refusals
	fresh    atomic.Int64  // rows that this process wrote
	full     chan struct{} // wakes Run: there may be too many rows
}

// NewAudit returns an Audit on a migrated database.
func NewAudit(d *db.DB, o AuditOptions) *Audit {
	if o.Retention == 0 {
		o.Retention = 365 * 24 * time.Hour
	}
	if o.Max <= 0 {
		o.Max = 1_000_000
	}
	if o.Clock == nil {
		o.Clock = new(steady.Clock)
	}
	return &Audit{db: d, opts: o, causes: attribution.New(d), full: make(chan struct{}, 1)}
}

// Attribute marks the container events that an audited action caused with its actor and row: see package attribution,
// whose Attribute this is. A nil *Audit marks none.
func (a *Audit) Attribute(ctx context.Context, events []*dockerx.Event) error {
	if a == nil {
		return nil
	}
	return a.causes.Attribute(ctx, events)
}

// Record writes a pending row for the intent, calls fn with the row's id, and completes the row with fn's outcome, also
// when ctx has ended meanwhile. If the row can't be written, fn isn't called. The error is fn's.
func (a *Audit) Record(ctx context.Context, actor Actor, in Intent, fn func(ctx context.Context, id uuid.UUID) error) error {
	return a.record(ctx, actor, in, fn, func(err error) error { return fmt.Errorf("write audit intent: %w", err) })
}

// Revoke is like Record, for actions that take rights away: fn is called even if the row can't be written. The action is
// then in the log instead.
func (a *Audit) Revoke(ctx context.Context, actor Actor, in Intent, fn func(ctx context.Context, id uuid.UUID) error) error {
	return a.record(ctx, actor, in, fn, func(err error) error {
		a.logUnwritten(actor, in, err)
		return fn(ctx, uuid.Nil)
	})
}

// record implements Record and Revoke. It calls unwritten in place of fn if the row can't be written.
func (a *Audit) record(ctx context.Context, actor Actor, in Intent, fn func(ctx context.Context, id uuid.UUID) error,
	unwritten func(error) error,
) error {
	if a == nil {
		return fn(ctx, uuid.Nil)
	}
	row, err := newAuditRow(ctx, actor, in)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// Not cancelled with ctx: a write that is cut off may be committed all the same, and its row would stay pending.
	if err := a.write(ctx, row); err != nil {
		return unwritten(err)
	}
	err = fn(ctx, row.ID)
	a.finish(ctx, row, err)
	return err
}

func (a *Audit) write(ctx context.Context, row sqlc.BeginAuditParams) error {
	row.Server = a.opts.Server
	err := a.db.Queries().BeginAudit(context.WithoutCancel(ctx), row)
	if err == nil {
		a.wrote()
	}
	return err
}

// finish completes a row, or deletes it if it repeats a refusal that has a row already.
func (a *Audit) finish(ctx context.Context, row sqlc.BeginAuditParams, result error) {
	ctx, q := context.WithoutCancel(ctx), a.db.Queries()
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

// RecordDone records an action that is done already or was refused, as a complete row. The row has the result's message,
// not the errors that it wraps. The returned error is the database's.
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

// recordRevoked is like RecordDone, for rights that are revoked already: if the row can't be written, the log has it.
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

// repeatable reports whether callers without any right can cause the result again and again: a refusal, or an invalid
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

// errNothingToDo is the result of an action that found its state there already. It is no failure, but causes no event.
var errNothingToDo = errors.New("nothing to do")

// outcomeOf returns an action's outcome and detail, as its row has them.
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

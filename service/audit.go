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

// The outcomes of an audited deed.
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

// Intent is what somebody is about to do. Fields that don't apply are empty.
type Intent struct {
	Action                           string
	Host, ContainerID, ContainerName string
	Target                           string // a user, grant, session or key
}

// AuditOptions are the settings of NewAudit; zero values are good.
type AuditOptions struct {
	// Retention is how long rows are kept. Default 365 days, negative: for ever.
	Retention time.Duration
	// Max is how many rows are kept, the latest. Default 1,000,000.
	Max int32
	// Clock decides whether what looks old is old. Nil: one of the audit's own, which knows nothing for an hour.
	Clock *steady.Clock
	// Server names this server over its restarts. Rows that an earlier process of it left pending end as unknown.
	Server string
	// Logger says when a row could not be written or completed. The zero value is silent.
	Logger zerolog.Logger
}

// Audit writes down who did what. It is safe for concurrent use. A nil *Audit writes nothing.
type Audit struct {
	db       *db.DB
	opts     AuditOptions
	causes   *attribution.Attributor
	refusals refusals
	fresh    atomic.Int64  // rows that this process wrote
	full     chan struct{} // wakes Run: there may be too many rows
}

// NewAudit makes an Audit on a migrated database.
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

// Record writes the intent, does the deed and completes the row with its outcome, also when the
// caller has hung up meanwhile. Where the intent can't be written nothing is done. The row's
// id is given to fn; the error is fn's.
func (a *Audit) Record(ctx context.Context, actor Actor, in Intent, fn func(ctx context.Context, id uuid.UUID) error) error {
	return a.record(ctx, actor, in, fn, func(err error) error { return fmt.Errorf("write audit intent: %w", err) })
}

// Revoke is Record for what takes rights away: that is done, and the log has it, also where the intent
// can't be written.
func (a *Audit) Revoke(ctx context.Context, actor Actor, in Intent, fn func(ctx context.Context, id uuid.UUID) error) error {
	return a.record(ctx, actor, in, fn, func(err error) error {
		a.logUnwritten(actor, in, err)
		return fn(ctx, uuid.Nil)
	})
}

// record runs unwritten in place of fn where the intent can't be written.
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
	// A write that the caller's leaving cut off may have come about all the same, and nobody
	// would complete it.
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

// finish completes a row, or removes it where it would repeat a refusal that has one.
func (a *Audit) finish(ctx context.Context, row sqlc.BeginAuditParams, result error) {
	ctx, q := context.WithoutCancel(ctx), a.db.Queries()
	row.Outcome, row.Detail = outcomeOf(result)
	if repeatable(result, row.Outcome) {
		key, first := a.refusals.count(&row, time.Now())
		if !first {
			if _, err := q.DeletePendingAudit(ctx, row.ID); err != nil {
				a.opts.Logger.Error().Err(err).Stringer("audit", row.ID).Msg("audit row of a repeated refusal stays pending")
			}
			return
		}
		defer a.refusals.wrote(key, nil)
	}
	_, err := q.FinishAudit(ctx, sqlc.FinishAuditParams{
		ID: row.ID, Outcome: row.Outcome, Detail: row.Detail, FinishedAt: sql.NullTime{Time: db.Time(time.Now()), Valid: true},
	})
	if err != nil {
		a.opts.Logger.Error().Err(err).Stringer("audit", row.ID).Str("outcome", row.Outcome).Msg("audit row stays pending")
	}
}

// RecordDone writes down what has happened already, or was refused: a row that is complete at
// once. The result's own words are kept, its causes aren't. The error is the database's.
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

// recordRevoked is RecordDone for rights that are gone already: without a row the log has it.
func (a *Audit) recordRevoked(ctx context.Context, actor Actor, in Intent) {
	if err := a.RecordDone(ctx, actor, in, nil); err != nil {
		a.logUnwritten(actor, in, err)
	}
}

func (a *Audit) logUnwritten(actor Actor, in Intent, err error) {
	a.opts.Logger.Error().Err(err).Str("user", actor.name()).Str("action", in.Action).Str("target", in.Target).
		Msg("rights are taken away without an audit row")
}

func writeError(err error) error {
	if err != nil {
		return fmt.Errorf("write audit: %w", err)
	}
	return nil
}

// repeatable reports whether a result is one that a caller can bring about again and again without any
// right: a refusal, or a request that makes no sense.
func repeatable(result error, outcome string) bool {
	return outcome == OutcomeRefused || (result != nil && apperr.KindOf(result) == apperr.Invalid)
}

func newAuditRow(ctx context.Context, actor Actor, in Intent) (sqlc.BeginAuditParams, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return sqlc.BeginAuditParams{}, fmt.Errorf("audit id: %w", err)
	}
	from := clientOf(ctx)
	return sqlc.BeginAuditParams{
		ID: id, At: db.Time(time.Now()), UserID: actor.UserID, Username: actor.name(),
		ClientAddr: text.Truncate(from.Addr, 100), RequestID: text.Truncate(from.RequestID, 200),
		Action: in.Action, Host: text.Truncate(in.Host, 200), ContainerID: text.Truncate(in.ContainerID, 200),
		ContainerName: text.Truncate(in.ContainerName, 300), Target: text.Truncate(in.Target, 200), Outcome: OutcomePending,
	}, nil
}

// name returns what the record calls the actor.
func (a Actor) name() string {
	if a.Anonymous {
		return ""
	}
	return a.Username
}

// errNothingToDo is the result of a deed that changed nothing because it was so already. It is
// no failure, but no event comes of it either.
var errNothingToDo = errors.New("nothing to do")

// outcomeOf returns how a deed's error is written down.
func outcomeOf(err error) (outcome, detail string) {
	switch {
	case err == nil:
		return OutcomeOK, ""
	case errors.Is(err, errNothingToDo):
		return OutcomeOK, errNothingToDo.Error()
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

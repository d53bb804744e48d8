package service

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/util/apperr"
	"wharf/util/text"
)

// The outcomes of an audited deed.
const (
	OutcomePending = "pending" // under way, or the server ended during it
	OutcomeOK      = "ok"
	OutcomeRefused = "refused" // by wharf: not allowed, or not shown
	OutcomeFailed  = "failed"
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
	// Logger says when a row could not be completed. The zero value is silent.
	Logger zerolog.Logger
}

// Audit writes down who did what. It is safe for concurrent use. A nil *Audit writes nothing.
type Audit struct {
	db   *db.DB
	opts AuditOptions
}

// NewAudit makes an Audit on a migrated database.
func NewAudit(d *db.DB, o AuditOptions) *Audit {
	if o.Retention == 0 {
		o.Retention = 365 * 24 * time.Hour
	}
	return &Audit{db: d, opts: o}
}

// Do writes the intent, does the deed and completes the row with its outcome, also when the
// caller has hung up meanwhile. Where the intent can't be written nothing is done. The row's
// id is given to fn; the error is fn's.
func (a *Audit) Do(ctx context.Context, actor Actor, in Intent, fn func(ctx context.Context, id uuid.UUID) error) error {
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
	if err := a.db.Queries().BeginAudit(context.WithoutCancel(ctx), row); err != nil {
		return fmt.Errorf("write audit intent: %w", err)
	}
	err = fn(ctx, row.ID)
	a.finish(ctx, row.ID, err)
	return err
}

func (a *Audit) finish(ctx context.Context, id uuid.UUID, result error) {
	outcome, detail := outcomeOf(result)
	_, err := a.db.Queries().FinishAudit(context.WithoutCancel(ctx), sqlc.FinishAuditParams{
		ID: id, Outcome: outcome, Detail: detail, FinishedAt: sql.NullTime{Time: db.Time(time.Now()), Valid: true},
	})
	if err != nil {
		a.opts.Logger.Error().Err(err).Stringer("audit", id).Str("outcome", outcome).Msg("audit row stays pending")
	}
}

// Note writes down what has happened already, or was refused: a row that is complete at
// once. The result's own words are kept, its causes aren't. The error is the database's.
func (a *Audit) Note(ctx context.Context, actor Actor, in Intent, result error) error {
	if a == nil {
		return nil
	}
	row, err := newAuditRow(ctx, actor, in)
	if err != nil {
		return err
	}
	row.Outcome, row.Detail = outcomeOf(result)
	row.FinishedAt = sql.NullTime{Time: row.At, Valid: true}
	if err := a.db.Queries().BeginAudit(context.WithoutCancel(ctx), row); err != nil {
		return fmt.Errorf("write audit: %w", err)
	}
	return nil
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

// name is what the record calls the actor.
func (a Actor) name() string {
	if a.Anonymous {
		return ""
	}
	return a.Username
}

// errNothingToDo is the result of a deed that changed nothing because it was so already. It is
// no failure, but no event comes of it either.
var errNothingToDo = errors.New("nothing to do")

// outcomeOf is how a deed's error is written down.
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

// Run removes what is older than the retention, once an hour. It returns nil when ctx ends.
func (a *Audit) Run(ctx context.Context) error {
	if a == nil || a.opts.Retention < 0 {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		// What fails is done an hour later.
		_, _ = a.db.Queries().DeleteAuditBefore(ctx, db.Time(time.Now().Add(-a.opts.Retention)))
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

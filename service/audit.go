package service

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"wharf/db"
	"wharf/dockerx/events"
	"wharf/service/attribution"
	"wharf/util/steady"
)

// The outcomes of an audited action.
const (
	OutcomePending = "pending" // under way
	OutcomeOK      = "ok"
	OutcomeRefused = "refused" // by wharf: not allowed, or not visible to the actor
	OutcomeFailed  = "failed"
	OutcomeUnknown = "unknown" // the server ended during the action
)

// The actions that this package audits. The names of operations on containers begin with "container.".
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
	ActionRefused     = "refused" // the actor lacked the permission of a route or host; Target names the route

	actionPrefix = "container."
)

// Intent describes an action before it is performed. Fields that don't apply are empty.
type Intent struct {
	Action                           string
	Host, ContainerID, ContainerName string
	Target                           string // a user, grant, session or key
}

// AuditOptions are the settings of NewAudit. The zero value of each field selects its default.
type AuditOptions struct {
	// Retention is how long rows are kept. Default 365 days, negative: forever.
	Retention time.Duration
	// Max is how many rows are kept; the oldest beyond it are deleted. Default 1,000,000.
	Max int32
	// Clock decides whether rows are old enough to delete. Nil selects a new clock, which trusts no time in its first hour.
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
	full     chan struct{} // wakes Run when there may be too many rows
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

// Attribute adds the actor and the audit row to container events that an audited action caused; see
// attribution.Attributor.Attribute. A nil *Audit adds none.
func (a *Audit) Attribute(ctx context.Context, events []*events.Event) error {
	if a == nil {
		return nil
	}
	return a.causes.Attribute(ctx, events)
}

package service

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/util/text"
)

// AuditEntry is one row of the record. Times are UTC, FinishedAt zero while pending.
type AuditEntry struct {
	ID                               uuid.UUID
	At, FinishedAt                   time.Time
	Username, Addr, RequestID        string
	Action                           string
	Host, ContainerID, ContainerName string
	Target, Outcome, Detail          string
	// Times is how many equal refusals the row stands for; else 1. At is the first's, FinishedAt the last's.
	Times int64
}

// AuditFilter selects rows; zero values select all.
type AuditFilter struct {
	User, Host, Action, Outcome string
	Container                   string    // a name, or the beginning of an id
	Since, Until                time.Time // from, and to but not including
}

// endOfTime is later than any row, and a year that both engines can store.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// List shows the record to admins, the latest first, a page at a time. Errors: Forbidden.
func (a *Audit) List(ctx context.Context, actor Actor, f AuditFilter, p Page) (all []AuditEntry, next string, err error) {
	if err := mayAdminister(actor); err != nil {
		return nil, "", err
	}
	a.writeRepeats(ctx)
	before, err := p.afterID()
	if err != nil {
		return nil, "", err
	}
	if before == uuid.Nil {
		before = uuid.Max
	}
	until := f.Until
	if until.IsZero() {
		until = endOfTime
	}
	rows, err := a.db.Queries().ListAudit(ctx, sqlc.ListAuditParams{
		Before: before, Since: db.Time(f.Since), Until: db.Time(until), Page: p.limit() + 1,
		Username: wanted(f.User), Host: wanted(f.Host), Action: wanted(f.Action), Outcome: wanted(f.Outcome),
		Container: wanted(f.Container), ContainerEnd: idEnd(f.Container),
	})
	if err != nil {
		return nil, "", fmt.Errorf("list audit: %w", err)
	}
	rows, more := cut(p, rows)
	all = make([]AuditEntry, len(rows))
	for i, r := range rows {
		all[i] = AuditEntry{
			ID: r.ID, At: r.At.UTC(), FinishedAt: r.FinishedAt.Time.UTC(), Username: r.Username, Addr: r.ClientAddr,
			RequestID: r.RequestID, Action: r.Action, Host: r.Host, ContainerID: r.ContainerID,
			ContainerName: r.ContainerName, Target: r.Target, Outcome: r.Outcome, Detail: r.Detail, Times: r.Times,
		}
	}
	if more {
		next = all[len(all)-1].ID.String()
	}
	return all, next, nil
}

func wanted(s string) sql.NullString {
	return sql.NullString{String: text.Storable(s), Valid: s != ""}
}

var idPrefix = regexp.MustCompile(`^[0-9a-f]{4,64}$`)

// idEnd is the least text above all ids that begin so, whatever the database's collation:
// digits come before letters in each. What is no beginning of an id gives an empty range.
func idEnd(s string) string {
	if !idPrefix.MatchString(s) {
		return ""
	}
	last := s[len(s)-1] + 1
	if last == '9'+1 {
		last = 'a'
	}
	return s[:len(s)-1] + string(last)
}

package service

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	"wharf/util/text"
)

// AuditEntry is one row of the audit. Times are UTC; FinishedAt is zero while the action is pending.
type AuditEntry struct {
	ID                               uuid.UUID
	At, FinishedAt                   time.Time
	Username, Addr, RequestID        string
	Action                           string
	Host, ContainerID, ContainerName string
	Target, Outcome, Detail          string
	// Times is the number of equal refusals that the row represents, 1 for other rows. At is the time of the first refusal,
	// FinishedAt of the last.
	Times int64
}

// AuditFilter selects rows. The zero value of a field selects all rows.
type AuditFilter struct {
	User, Host, Action, Outcome string
	Container                   string    // a name, or a prefix of an id
	Since, Until                time.Time // including Since, excluding Until
}

// idSlack is the assumed maximum difference between the time in a row's id and the row's At: the clock is read for each.
const idSlack = time.Second

// idAt returns the smallest id (UUID version 7) of a time, truncated to milliseconds.
func idAt(t time.Time) (id uuid.UUID) {
	ms := max(t.UnixMilli(), 0)
	for i := 5; i >= 0; i-- {
		id[i] = byte(ms)
		ms >>= 8
	}
	return id
}

// between reports whether a time is in the filter's range.
func (f *AuditFilter) between(at time.Time) bool {
	return !at.Before(f.Since) && (f.Until.IsZero() || at.Before(f.Until))
}

// List returns a page of the audit, the latest rows first, and the cursor of the next page. If few rows match, a page can be
// short although there is a next one. The actor must be an admin. Errors: Forbidden, Invalid.
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
	if end := idAt(f.Until.Add(idSlack)); !f.Until.IsZero() && bytes.Compare(end[:], before[:]) < 0 {
		before = end
	}
	after := uuid.Nil
	if !f.Since.IsZero() {
		after = idAt(f.Since.Add(-idSlack))
	}
	q := auditQuery{q: a.db.Queries(), f: &f, before: before, after: after, page: p.limit() + 1}
	rows, err := q.rows(ctx)
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
	switch {
	case more:
		next = all[len(all)-1].ID.String()
	case q.bounded:
		next = q.after.String()
	}
	return slices.DeleteFunc(all, func(e AuditEntry) bool { return !f.between(e.At) }), next, nil
}

func wanted(s string) sql.NullString {
	return sql.NullString{String: text.Storable(s), Valid: s != ""}
}

var idPrefix = regexp.MustCompile(`^[0-9a-f]{4,64}$`)

// idEnd returns the smallest text above all ids with the prefix s. It holds in any collation of the database, as digits sort
// before letters in each. If s can't be the prefix of an id, the result is empty.
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

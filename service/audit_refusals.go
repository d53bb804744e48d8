package service

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
)

const (
	// refusalsFor is how long repetitions are counted in the first refusal's row.
	refusalsFor = time.Hour
	// refusalsOfSource is how many different refusals of one caller get separate rows in that time.
	refusalsOfSource = 32
	// refusalsMax bounds the refusals that are kept in memory.
	refusalsMax = 10_000
	// othersCounted ends the detail of a row that counts different refusals.
	othersCounted = " (and other refusals of the same caller)"
)

// refusals remembers the rows of recent refusals. Repetitions are counted in memory and added to the first refusal's row, so
// that they fill neither the audit nor the disk.
type refusals struct {
	mu        sync.Mutex
	rows      map[refusal]*refusedRow
	perSource map[string]int // rows of each source
}

// refusal identifies equal refusals.
type refusal struct{ source, addr, user, action, host, container, target, detail string }

// refusedRow is the row of a refusal.
type refusedRow struct {
	id        uuid.UUID
	written   bool
	until     time.Time // later repetitions get a new row
	uncounted int64     // repetitions not yet added to the row
	last      time.Time
}

// refusalOf returns the key of a row's refusal. Its source is the user, or the client's network for logins and callers
// without a user.
func refusalOf(row *sqlc.BeginAuditParams) refusal {
	r := refusal{
		source: row.UserID.String(), addr: networkOf(row.ClientAddr), user: row.Username, action: row.Action, host: row.Host,
		container: row.ContainerName, target: row.Target, detail: row.Detail,
	}
	if row.UserID == uuid.Nil || row.Action == ActionLogin {
		r.source = r.addr
	}
	return r
}

// count counts a refusal and reports whether it is the first of its kind. If so, the caller must write its row and call
// wrote with the result.
func (f *refusals) count(row *sqlc.BeginAuditParams, now time.Time) (key refusal, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key = refusalOf(row)
	if f.rows[key] == nil && (f.perSource[key.source] >= refusalsOfSource || len(f.rows) >= refusalsMax) {
		if len(f.rows) >= refusalsMax {
			key.source = ""
		}
		key = refusal{source: key.source, action: key.action}
		row.Detail += othersCounted
	}
	r := f.rows[key]
	if r != nil && now.Before(r.until) {
		r.uncounted++
		r.last = now
		return key, false
	}
	if f.rows == nil {
		f.rows, f.perSource = map[refusal]*refusedRow{}, map[string]int{}
	}
	if r == nil {
		f.perSource[key.source]++
	}
	f.rows[key] = &refusedRow{id: row.ID, until: now.Add(refusalsFor), last: now}
	return key, true
}

// wrote records the result of writing a first refusal's row. After an error the next refusal counts as the first.
func (f *refusals) wrote(key refusal, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.rows[key]; r != nil && err == nil {
		r.written = true
	} else if r != nil {
		f.remove(key)
	}
}

func (f *refusals) remove(key refusal) {
	delete(f.rows, key)
	if f.perSource[key.source]--; f.perSource[key.source] <= 0 {
		delete(f.perSource, key.source)
	}
}

// takeRepeats removes and returns the repetitions that aren't in the rows yet, and drops expired refusals.
func (f *refusals) takeRepeats(now time.Time) []sqlc.CountRepeatsParams {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []sqlc.CountRepeatsParams
	for key, r := range f.rows {
		if r.written && r.uncounted > 0 {
			all = append(all, sqlc.CountRepeatsParams{
				ID: r.id, More: r.uncounted, FinishedAt: sql.NullTime{Time: db.Time(r.last), Valid: true},
			})
			r.uncounted = 0
		}
		if r.written && !now.Before(r.until) {
			f.remove(key)
		}
	}
	return all
}

// writeRepeats adds the counted repetitions to their rows.
func (a *Audit) writeRepeats(ctx context.Context) {
	for _, r := range a.refusals.takeRepeats(time.Now()) {
		if _, err := a.db.Queries().CountRepeats(ctx, r); err != nil {
			a.opts.Logger.Error().Err(err).Stringer("audit", r.ID).Int64("times", r.More).Msg("cannot count repeated refusals")
		}
	}
}

package leases

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"wharf/db"
	"wharf/db/sqlc"
)

// StatusChanged makes Run write the status of a host that has changed, for the other replicas: soon, or with the next beat. It
// ignores hosts that another replica reads. It doesn't block. On a nil *Leases it does nothing.
func (l *Leases) StatusChanged(host string, soon bool) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, held := l.held[host]; !held {
		return
	}
	l.changed[host] = l.changed[host] || soon
	if !soon {
		return
	}
	select {
	case l.gather <- struct{}{}:
	default: // statuses are already being gathered
	}
}

// statusRow is a host's status to be written to the database.
type statusRow struct {
	host   string
	epoch  int64
	status string
	soon   bool // notify the other replicas
}

// takeChanged removes and returns the statuses to be written.
func (l *Leases) takeChanged() []statusRow {
	l.mu.Lock()
	changed := l.changed
	l.changed = map[string]bool{}
	var rows []statusRow
	for host, soon := range changed {
		if epoch, held := l.held[host]; held {
			rows = append(rows, statusRow{host: host, epoch: epoch, soon: soon})
		}
	}
	l.mu.Unlock()
	for i := range rows {
		rows[i].status = l.opts.Status(rows[i].host)
	}
	slices.SortFunc(rows, func(a, b statusRow) int { return strings.Compare(a.host, b.host) }) // the lock order of all replicas
	return rows
}

// restoreChanged puts back statuses that couldn't be written.
func (l *Leases) restoreChanged(rows []statusRow) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range rows {
		l.changed[r.host] = l.changed[r.host] || r.soon
	}
}

// putStatuses writes statuses, and notifies the other replicas if one is marked as soon. They see other changes at their next
// beat.
func putStatuses(ctx context.Context, d *db.DB, q *sqlc.Queries, rows []statusRow) error {
	if len(rows) == 0 {
		return nil
	}
	version, err := q.NextStatusVersion(ctx)
	if err != nil {
		return fmt.Errorf("count a change of statuses: %w", err)
	}
	arg := sqlc.PutStatusesParams{Version: version}
	for _, r := range rows {
		arg.Hosts, arg.Epochs, arg.Statuses = append(arg.Hosts, r.host), append(arg.Epochs, r.epoch), append(arg.Statuses, r.status)
	}
	if _, err := q.PutStatuses(ctx, arg); err != nil {
		return fmt.Errorf("write the status of hosts: %w", err)
	}
	if !slices.ContainsFunc(rows, func(r statusRow) bool { return r.soon }) {
		return nil
	}
	return d.Notify(ctx, q, db.ChannelStatus, "")
}

// show calls Options.Found with the statuses of hosts that other replicas read.
func (l *Leases) show(found []sqlc.StatusesAfterRow) {
	for _, f := range found {
		l.mu.Lock()
		_, held := l.held[f.Host]
		l.mu.Unlock()
		if !held {
			l.opts.Found(f.Host, f.Status)
		}
	}
}

package service

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/util/apperr"
	"wharf/util/text"
)

const (
	// auditScan is how many rows are read for one page if there are several filters: a query uses the index of only one.
	auditScan = 500
	// maxSameStart is the maximum number of container ids that may have the requested prefix.
	maxSameStart = 100
)

// auditQuery reads one page of the audit along the index of its most selective filter.
type auditQuery struct {
	q             *sqlc.Queries
	f             *AuditFilter
	before, after uuid.UUID
	page          int32
	// bounded is true if rows below after weren't read.
	bounded bool
}

// rows returns the page's rows, the latest first, or some of them: see bounded.
func (q *auditQuery) rows(ctx context.Context) ([]sqlc.Audit, error) {
	switch {
	case q.f.Container != "":
		return q.ofContainer(ctx)
	case q.f.User != "":
		return q.ofUser(ctx)
	case q.f.Host != "":
		return q.ofHost(ctx)
	case q.f.Action != "":
		return q.ofAction(ctx)
	case q.f.Outcome != "":
		return q.ofOutcome(ctx)
	default:
		return q.q.ListAudit(ctx, sqlc.ListAuditParams{Before: q.before, After: q.after, Page: q.page})
	}
}

// bound limits a query with several filters to auditScan rows of its index, by raising after: the further filters may reject
// most rows.
func (q *auditQuery) bound(at func(scan int32) (uuid.UUID, error)) error {
	filters := 0
	for _, f := range []string{q.f.Container, q.f.User, q.f.Host, q.f.Action, q.f.Outcome} {
		filters += min(len(f), 1)
	}
	if filters < 2 {
		return nil
	}
	id, err := at(auditScan)
	if db.IsNoRows(err) {
		return nil
	}
	if err == nil {
		q.after, q.bounded = id, true
	}
	return err
}

// ofContainer returns the rows whose container has the requested name, or an id with the requested prefix.
func (q *auditQuery) ofContainer(ctx context.Context) ([]sqlc.Audit, error) {
	all, err := q.ofContainerName(ctx, q.f.Container)
	if err != nil {
		return nil, err
	}
	end := idEnd(q.f.Container)
	for least, n := q.f.Container, 0; end != ""; n++ {
		id, err := q.q.NextAuditContainer(ctx, sqlc.NextAuditContainerParams{Least: least, Until: end})
		if db.IsNoRows(err) {
			break
		}
		if err == nil && n == maxSameStart {
			err = apperr.New(apperr.Invalid, "container: too many ids begin so")
		}
		if err != nil {
			return nil, err
		}
		rows, err := q.ofContainerID(ctx, id)
		if err != nil {
			return nil, err
		}
		all, least = append(all, rows...), id+"0"
	}
	slices.SortFunc(all, func(a, b sqlc.Audit) int { return bytes.Compare(b.ID[:], a.ID[:]) })
	all = slices.CompactFunc(all, func(a, b sqlc.Audit) bool { return a.ID == b.ID })
	// A later query may have raised after: rows of earlier queries below it belong to the next page.
	all = slices.DeleteFunc(all, func(r sqlc.Audit) bool { return bytes.Compare(r.ID[:], q.after[:]) < 0 })
	return all[:min(len(all), int(q.page))], nil
}

func (q *auditQuery) ofUser(ctx context.Context) ([]sqlc.Audit, error) {
	value := text.Storable(q.f.User)
	if err := q.bound(func(scan int32) (uuid.UUID, error) {
		return q.q.AuditBoundOfUser(ctx, sqlc.AuditBoundOfUserParams{Username: value, Before: q.before.String(), After: q.after.String(), Scan: scan})
	}); err != nil {
		return nil, err
	}
	return q.q.AuditOfUser(ctx, sqlc.AuditOfUserParams{
		Username: value, Before: q.before.String(), After: q.after.String(), Page: q.page,
		AndHost: wanted(q.f.Host), AndAction: wanted(q.f.Action), AndOutcome: wanted(q.f.Outcome),
	})
}

func (q *auditQuery) ofHost(ctx context.Context) ([]sqlc.Audit, error) {
	value := text.Storable(q.f.Host)
	if err := q.bound(func(scan int32) (uuid.UUID, error) {
		return q.q.AuditBoundOfHost(ctx, sqlc.AuditBoundOfHostParams{Host: value, Before: q.before.String(), After: q.after.String(), Scan: scan})
	}); err != nil {
		return nil, err
	}
	return q.q.AuditOfHost(ctx, sqlc.AuditOfHostParams{
		Host: value, Before: q.before.String(), After: q.after.String(), Page: q.page,
		AndUsername: wanted(q.f.User), AndAction: wanted(q.f.Action), AndOutcome: wanted(q.f.Outcome),
	})
}

func (q *auditQuery) ofAction(ctx context.Context) ([]sqlc.Audit, error) {
	value := text.Storable(q.f.Action)
	if err := q.bound(func(scan int32) (uuid.UUID, error) {
		return q.q.AuditBoundOfAction(ctx, sqlc.AuditBoundOfActionParams{Action: value, Before: q.before.String(), After: q.after.String(), Scan: scan})
	}); err != nil {
		return nil, err
	}
	return q.q.AuditOfAction(ctx, sqlc.AuditOfActionParams{
		Action: value, Before: q.before.String(), After: q.after.String(), Page: q.page,
		AndUsername: wanted(q.f.User), AndHost: wanted(q.f.Host), AndOutcome: wanted(q.f.Outcome),
	})
}

func (q *auditQuery) ofOutcome(ctx context.Context) ([]sqlc.Audit, error) {
	value := text.Storable(q.f.Outcome)
	if err := q.bound(func(scan int32) (uuid.UUID, error) {
		return q.q.AuditBoundOfOutcome(ctx, sqlc.AuditBoundOfOutcomeParams{Outcome: value, Before: q.before.String(), After: q.after.String(), Scan: scan})
	}); err != nil {
		return nil, err
	}
	return q.q.AuditOfOutcome(ctx, sqlc.AuditOfOutcomeParams{
		Outcome: value, Before: q.before.String(), After: q.after.String(), Page: q.page,
		AndUsername: wanted(q.f.User), AndHost: wanted(q.f.Host), AndAction: wanted(q.f.Action),
	})
}

func (q *auditQuery) ofContainerName(ctx context.Context, name string) ([]sqlc.Audit, error) {
	value := text.Storable(name)
	if err := q.bound(func(scan int32) (uuid.UUID, error) {
		return q.q.AuditBoundOfContainerName(ctx, sqlc.AuditBoundOfContainerNameParams{ContainerName: value, Before: q.before.String(), After: q.after.String(), Scan: scan})
	}); err != nil {
		return nil, err
	}
	return q.q.AuditOfContainerName(ctx, sqlc.AuditOfContainerNameParams{
		ContainerName: value, Before: q.before.String(), After: q.after.String(), Page: q.page,
		AndUsername: wanted(q.f.User), AndHost: wanted(q.f.Host), AndAction: wanted(q.f.Action), AndOutcome: wanted(q.f.Outcome),
	})
}

func (q *auditQuery) ofContainerID(ctx context.Context, id string) ([]sqlc.Audit, error) {
	value := text.Storable(id)
	if err := q.bound(func(scan int32) (uuid.UUID, error) {
		return q.q.AuditBoundOfContainerID(ctx, sqlc.AuditBoundOfContainerIDParams{ContainerID: value, Before: q.before.String(), After: q.after.String(), Scan: scan})
	}); err != nil {
		return nil, err
	}
	return q.q.AuditOfContainerID(ctx, sqlc.AuditOfContainerIDParams{
		ContainerID: value, Before: q.before.String(), After: q.after.String(), Page: q.page,
		AndUsername: wanted(q.f.User), AndHost: wanted(q.f.Host), AndAction: wanted(q.f.Action), AndOutcome: wanted(q.f.Outcome),
	})
}

package db_test

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
)

// errExplained is the error of a query that was only explained.
var errExplained = errors.New("explained")

// explainer explains each query instead of running it.
type explainer struct {
	*sql.DB
	kind db.Kind
	plan string // of the latest query
}

func (e *explainer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return nil, errors.Join(e.explain(ctx, query, args...), errExplained)
}

func (e *explainer) explain(ctx context.Context, query string, args ...any) error {
	explain := map[db.Kind]string{db.SQLite: "EXPLAIN QUERY PLAN ", db.Postgres: "EXPLAIN "}[e.kind]
	rows, err := e.DB.QueryContext(ctx, explain+query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	e.plan = ""
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(string)
		}
		if err := rows.Scan(cells...); err != nil {
			return err
		}
		e.plan += *cells[len(cells)-1].(*string) + "\n"
	}
	return rows.Err()
}

func (e *explainer) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	_ = e.explain(ctx, query, args...) // an empty plan fails the test
	return e.DB.QueryRowContext(ctx, "SELECT 1 WHERE 1 = 0")
}

// fill creates logs of 20,000 rows, of which every filter selects few.
var fill = map[db.Kind]string{
	db.Postgres: `
		INSERT INTO events (id, host, kind, type, action, actor_id, actor_name, time_nano, attrs, from_nano, to_nano, reason, key, logged_at)
		SELECT n, 'h' || n % 50, 0, CASE n % 4 WHEN 0 THEN 'image' ELSE 'container' END, 'a' || n % 60, 'id' || n % 300, 'c' || n % 300, n, '{}', 0, 0, '', n, now()
		FROM generate_series(1, 20000) AS n;
		INSERT INTO audit (id, at, user_id, username, client_addr, request_id, action, host, container_id, container_name, target, outcome, detail, finished_at)
		SELECT CAST(lpad(to_hex(n), 32, '0') AS uuid), now(), CAST(lpad('', 32, '0') AS uuid), 'u' || n % 50, '', '', 'a' || n % 60, 'h' || n % 50, CASE n % 2 WHEN 0 THEN 'id7' ELSE 'id' || n % 300 END, 'c' || n % 300, '', 'o' || n % 30, '', CASE n % 1000 WHEN 0 THEN NULL ELSE now() END
		FROM generate_series(1, 20000) AS n;
		ANALYZE`,
	db.SQLite: `
		WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20000)
		INSERT INTO events (id, host, kind, type, action, actor_id, actor_name, time_nano, attrs, from_nano, to_nano, reason, key, logged_at)
		SELECT n, 'h' || n % 50, 0, CASE n % 4 WHEN 0 THEN 'image' ELSE 'container' END, 'a' || n % 60, 'id' || n % 300, 'c' || n % 300, n, '{}', 0, 0, '', n, '2026-01-01' FROM s;
		WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20000)
		INSERT INTO audit (id, at, user_id, username, client_addr, request_id, action, host, container_id, container_name, target, outcome, detail, finished_at)
		SELECT printf('%08x-0000-0000-0000-000000000000', n), '2026-01-01', '', 'u' || n % 50, '', '', 'a' || n % 60, 'h' || n % 50, CASE n % 2 WHEN 0 THEN 'id7' ELSE 'id' || n % 300 END, 'c' || n % 300, '', 'o' || n % 30, '', CASE n % 1000 WHEN 0 THEN NULL ELSE '2026-01-01' END FROM s`,
}

// Each filter of the history and the audit reads along an index, in its order. No query reads a whole table or sorts.
func TestEveryFilterReadsAlongItsIndex(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, err := d.Pool().ExecContext(t.Context(), fill[d.Kind()])
		require.NoError(t, err)
		e := &explainer{DB: d.Pool(), kind: d.Kind()}
		q := sqlc.New(e)
		queries := append(historyQueries(t.Context(), q), attributionQueries(t.Context(), q)...)
		for _, c := range queries {
			e.plan = ""
			if err := c.ask(); !errors.Is(err, errExplained) {
				require.ErrorIs(t, err, sql.ErrNoRows)
			}
			require.Contains(t, e.plan, c.index, "%s: another plan:\n%s", c.index, e.plan)
			for _, bad := range []string{"Sort", "Seq Scan", "TEMP B-TREE", "SCAN events\n", "SCAN audit\n"} {
				if c.sorts && (bad == "Sort" || bad == "TEMP B-TREE") {
					continue
				}
				require.NotContains(t, e.plan, bad, c.index)
			}
		}
	})
}

type indexedQuery struct {
	index string
	ask   func() error
	sorts bool // the engine may sort: the query has few rows
}

func historyQueries(ctx context.Context, q *sqlc.Queries) []indexedQuery {
	const until = math.MaxInt64
	none, last := uuid.Nil.String(), uuid.Max.String()
	return []indexedQuery{
		{index: "events_time_idx", ask: func() error {
			_, err := q.EventsByTime(ctx, sqlc.EventsByTimeParams{Until: until, MaxRows: 10})
			return err
		}},
		{index: "events_time_idx", ask: func() error {
			_, err := q.EventsByTimeBackwards(ctx, sqlc.EventsByTimeBackwardsParams{Until: until, UntilID: until, MaxRows: 10})
			return err
		}},
		{index: "events_host_idx", ask: func() error {
			_, err := q.EventsOfHost(ctx, sqlc.EventsOfHostParams{Host: "h7", Until: until, MaxRows: 10})
			return err
		}},
		{index: "events_host_idx", ask: func() error {
			_, err := q.EventsOfHostBackwards(ctx, sqlc.EventsOfHostBackwardsParams{Host: "h7", Until: until, UntilID: until, MaxRows: 10})
			return err
		}},
		{index: "events_verb_idx", ask: func() error {
			_, err := q.EventsOfVerb(ctx, sqlc.EventsOfVerbParams{Verb: "a7", Until: until, MaxRows: 10})
			return err
		}},
		{index: "events_verb_idx", ask: func() error {
			_, err := q.EventsOfVerbBackwards(ctx, sqlc.EventsOfVerbBackwardsParams{Verb: "a7", Until: until, UntilID: until, MaxRows: 10})
			return err
		}},
		{index: "events_type_idx", ask: func() error {
			_, err := q.EventsOfType(ctx, sqlc.EventsOfTypeParams{Type: "image", Until: until, MaxRows: 10, BeginsUntil: until})
			return err
		}},
		{index: "events_type_idx", ask: func() error {
			_, err := q.EventsOfTypeBackwards(ctx, sqlc.EventsOfTypeBackwardsParams{Type: "image", Until: until, UntilID: until, MaxRows: 10, BeginsUntil: until})
			return err
		}},
		{index: "events_actor_name_idx", ask: func() error {
			_, err := q.EventsOfName(ctx, sqlc.EventsOfNameParams{Name: "c7", Until: until, MaxRows: 10})
			return err
		}},
		{index: "events_actor_name_idx", ask: func() error {
			_, err := q.EventsOfNameBackwards(ctx, sqlc.EventsOfNameBackwardsParams{Name: "c7", Until: until, UntilID: until, MaxRows: 10})
			return err
		}},
		{index: "events_actor_id_idx", ask: func() error {
			_, err := q.EventsOfActor(ctx, sqlc.EventsOfActorParams{Actor: "id7", Until: until, MaxRows: 10})
			return err
		}},
		{index: "events_actor_id_idx", ask: func() error {
			_, err := q.EventsOfActorBackwards(ctx, sqlc.EventsOfActorBackwardsParams{Actor: "id7", Until: until, UntilID: until, MaxRows: 10})
			return err
		}},
		{index: "events_actor_id_idx", ask: func() error {
			_, err := q.NextActor(ctx, sqlc.NextActorParams{Least: "id7", Until: "id8"})
			return err
		}},
		{index: "audit_", ask: func() error { // by its primary key
			_, err := q.ListAudit(ctx, sqlc.ListAuditParams{Before: uuid.Max, Page: 10})
			return err
		}},
		{index: "audit_username_idx", ask: func() error {
			_, err := q.AuditOfUser(ctx, sqlc.AuditOfUserParams{Username: "u7", Before: last, After: none, Page: 10})
			return err
		}},
		{index: "audit_username_idx", ask: func() error {
			_, err := q.AuditBoundOfUser(ctx, sqlc.AuditBoundOfUserParams{Username: "u7", Before: last, After: none, Scan: 100})
			return err
		}},
		{index: "audit_host_idx", ask: func() error {
			_, err := q.AuditOfHost(ctx, sqlc.AuditOfHostParams{Host: "h7", Before: last, After: none, Page: 10})
			return err
		}},
		{index: "audit_host_idx", ask: func() error {
			_, err := q.AuditBoundOfHost(ctx, sqlc.AuditBoundOfHostParams{Host: "h7", Before: last, After: none, Scan: 100})
			return err
		}},
		{index: "audit_action_idx", ask: func() error {
			_, err := q.AuditOfAction(ctx, sqlc.AuditOfActionParams{Action: "a7", Before: last, After: none, Page: 10})
			return err
		}},
		{index: "audit_action_idx", ask: func() error {
			_, err := q.AuditBoundOfAction(ctx, sqlc.AuditBoundOfActionParams{Action: "a7", Before: last, After: none, Scan: 100})
			return err
		}},
		{index: "audit_outcome_idx", ask: func() error {
			_, err := q.AuditOfOutcome(ctx, sqlc.AuditOfOutcomeParams{Outcome: "o7", Before: last, After: none, Page: 10})
			return err
		}},
		{index: "audit_outcome_idx", ask: func() error {
			_, err := q.AuditBoundOfOutcome(ctx, sqlc.AuditBoundOfOutcomeParams{Outcome: "o7", Before: last, After: none, Scan: 100})
			return err
		}},
		{index: "audit_container_name_idx", ask: func() error {
			_, err := q.AuditOfContainerName(ctx, sqlc.AuditOfContainerNameParams{ContainerName: "c7", Before: last, After: none, Page: 10})
			return err
		}},
		{index: "audit_container_name_idx", ask: func() error {
			_, err := q.AuditBoundOfContainerName(ctx, sqlc.AuditBoundOfContainerNameParams{ContainerName: "c7", Before: last, After: none, Scan: 100})
			return err
		}},
		{index: "audit_container_id_idx", ask: func() error {
			_, err := q.AuditOfContainerID(ctx, sqlc.AuditOfContainerIDParams{ContainerID: "id7", Before: last, After: none, Page: 10})
			return err
		}},
		{index: "audit_container_id_idx", ask: func() error {
			_, err := q.AuditBoundOfContainerID(ctx, sqlc.AuditBoundOfContainerIDParams{ContainerID: "id7", Before: last, After: none, Scan: 100})
			return err
		}},
		{index: "audit_container_i", ask: func() error { // the common prefix of two indexes that fit
			_, err := q.NextAuditContainer(ctx, sqlc.NextAuditContainerParams{Least: "id7", Until: "id8"})
			return err
		}},
	}
}

// attributionQueries returns the queries that find the action that caused an event, by container and time.
func attributionQueries(ctx context.Context, q *sqlc.Queries) []indexedQuery {
	now := time.Now()
	return []indexedQuery{
		{index: "audit_", ask: func() error { // by container, or by end if that selects fewer rows
			_, err := q.AuditOfContainer(ctx, sqlc.AuditOfContainerParams{
				ContainerID: "id7", Host: "h7", Since: now.Add(-time.Hour), Until: now, FinishedSince: sql.NullTime{Time: now, Valid: true},
			})
			return err
		}},
		{index: "audit_finished_idx", ask: func() error {
			_, err := q.AuditedContainers(ctx, sqlc.AuditedContainersParams{
				FinishedSince: sql.NullTime{Time: now, Valid: true}, FinishedUntil: sql.NullTime{Time: now.Add(time.Hour), Valid: true},
			})
			return err
		}, sorts: true},
		{index: "events_actor_id_idx", ask: func() error {
			_, err := q.EngineEventsOfContainer(ctx, sqlc.EngineEventsOfContainerParams{ContainerID: "id7", Host: "h7", Until: math.MaxInt64, MaxRows: 10})
			return err
		}, sorts: true},
	}
}

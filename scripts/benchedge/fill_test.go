package benchedge

import (
	"fmt"
	"testing"

	"wharf/db"
	"wharf/db/dbtest"
)

// fillEvents inserts events of the last days: small ones, then large ones of 180 KiB.
func fillEvents(t testing.TB, source string, small, large int) {
	t.Helper()
	const columns = `INSERT INTO events (id, host, kind, type, action, actor_id, actor_name, time_nano, attrs, from_nano, to_nano, reason, key, labels, logged_at) `
	row := func(attrs, now string) string {
		return `SELECT n, 'h' || n % 20, 0, CASE n % 10 WHEN 0 THEN 'network' ELSE 'container' END,
			CASE n % 3 WHEN 0 THEN 'start' WHEN 1 THEN 'die' ELSE 'exec_start: sh' END,
			'id' || n % 500, 'c' || n % 500, 1700000000000000000 + CAST(n AS bigint) * 1000000, ` + attrs + `, 0, 0, '', n, '{"team":"web"}', ` + now
	}
	if dbtest.KindOf(source) == db.Postgres {
		long := `'{"long":"' || repeat('x', 180000) || '"}'`
		dbtest.Exec(t, source,
			columns+row(`'{"image":"web","exitCode":"0"}'`, "now()")+fmt.Sprintf(" FROM generate_series(1, %d) AS n", small),
			columns+row(long, "now()")+fmt.Sprintf(" FROM generate_series(%d, %d) AS n", small+1, small+large),
			fmt.Sprintf("UPDATE event_log SET last_id = %d", small+large), "ANALYZE")
		return
	}
	series := func(from, to int) string {
		return fmt.Sprintf("WITH RECURSIVE s(n) AS (SELECT %d UNION ALL SELECT n + 1 FROM s WHERE n < %d) ", from, to)
	}
	const now = `'2026-11-25 00:00:00+00:00'`
	long := `'{"long":"' || hex(zeroblob(90000)) || '"}'`
	dbtest.Exec(t, source,
		series(1, small)+columns+row(`'{"image":"web","exitCode":"0"}'`, now)+" FROM s",
		series(small+1, small+large)+columns+row(long, now)+" FROM s",
		fmt.Sprintf("UPDATE event_log SET last_id = %d", small+large))
}

// fillAudit inserts actions of twenty users on twenty hosts into the audit.
func fillAudit(t testing.TB, source string, rows int) {
	t.Helper()
	const columns = `INSERT INTO audit (id, at, user_id, username, client_addr, request_id, action, host, container_id, container_name,
		target, outcome, detail, finished_at) `
	const values = `'u' || n % 20, '127.0.0.1', 'r' || n, CASE n % 7 WHEN 0 THEN 'login' ELSE 'container.stop' END, 'h' || n % 20,
		'abcdef' || n % 500, 'c' || n % 500, '', CASE n % 1000 WHEN 0 THEN 'failed' ELSE 'ok' END, '', `
	if dbtest.KindOf(source) == db.Postgres {
		dbtest.Exec(t, source, columns+`SELECT CAST(lpad(to_hex(1700000000000 + n), 12, '0') || '70008000000000000000' AS uuid), now(), CAST(lpad('1', 32, '0') AS uuid), `+
			values+fmt.Sprintf("now() FROM generate_series(1, %d) AS n", rows), "ANALYZE")
		return
	}
	const now = `'2026-11-25 00:00:00+00:00'`
	dbtest.Exec(t, source, fmt.Sprintf("WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d) ", rows)+columns+
		`SELECT printf('%08x-%04x-7000-8000-000000000000', (1700000000000 + n) >> 16, (1700000000000 + n) & 65535), `+now+`, '00000000-0000-0000-0000-000000000001', `+
		values+now+" FROM s")
}

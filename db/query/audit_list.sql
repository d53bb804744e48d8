-- The audit between two ids, the latest first. An id begins with its row's time. There is one query for each filter: it reads
-- the index of that filter, and the other filters are applied to the rows it reads. Rows are compared and ordered by all columns
-- of the index, so that the planner can't choose another index: with the primary key, a search for a rare or old value would
-- scan the whole table.

-- name: ListAudit :many
SELECT * FROM audit
WHERE id < @before AND id >= @after
ORDER BY id DESC
LIMIT @page;

-- name: AuditOfUser :many
SELECT * FROM audit
WHERE (username, id) < (@username, @before) AND (username, id) >= (@username, @after)
  AND (CAST(sqlc.narg(and_host) AS text) IS NULL OR host = sqlc.narg(and_host))
  AND (CAST(sqlc.narg(and_action) AS text) IS NULL OR action = sqlc.narg(and_action))
  AND (CAST(sqlc.narg(and_outcome) AS text) IS NULL OR outcome = sqlc.narg(and_outcome))
ORDER BY username DESC, id DESC
LIMIT @page;

-- name: AuditBoundOfUser :one
-- The id of the last row that one page may read: scan rows of this index come before it.
SELECT id FROM audit
WHERE (username, id) < (@username, @before) AND (username, id) >= (@username, @after)
ORDER BY username DESC, id DESC
LIMIT 1 OFFSET @scan;

-- name: AuditOfHost :many
SELECT * FROM audit
WHERE (host, id) < (@host, @before) AND (host, id) >= (@host, @after)
  AND (CAST(sqlc.narg(and_username) AS text) IS NULL OR username = sqlc.narg(and_username))
  AND (CAST(sqlc.narg(and_action) AS text) IS NULL OR action = sqlc.narg(and_action))
  AND (CAST(sqlc.narg(and_outcome) AS text) IS NULL OR outcome = sqlc.narg(and_outcome))
ORDER BY host DESC, id DESC
LIMIT @page;

-- name: AuditBoundOfHost :one
-- The id of the last row that one page may read: scan rows of this index come before it.
SELECT id FROM audit
WHERE (host, id) < (@host, @before) AND (host, id) >= (@host, @after)
ORDER BY host DESC, id DESC
LIMIT 1 OFFSET @scan;

-- name: AuditOfAction :many
SELECT * FROM audit
WHERE (action, id) < (@action, @before) AND (action, id) >= (@action, @after)
  AND (CAST(sqlc.narg(and_username) AS text) IS NULL OR username = sqlc.narg(and_username))
  AND (CAST(sqlc.narg(and_host) AS text) IS NULL OR host = sqlc.narg(and_host))
  AND (CAST(sqlc.narg(and_outcome) AS text) IS NULL OR outcome = sqlc.narg(and_outcome))
ORDER BY action DESC, id DESC
LIMIT @page;

-- name: AuditBoundOfAction :one
-- The id of the last row that one page may read: scan rows of this index come before it.
SELECT id FROM audit
WHERE (action, id) < (@action, @before) AND (action, id) >= (@action, @after)
ORDER BY action DESC, id DESC
LIMIT 1 OFFSET @scan;

-- name: AuditOfOutcome :many
SELECT * FROM audit
WHERE (outcome, id) < (@outcome, @before) AND (outcome, id) >= (@outcome, @after)
  AND (CAST(sqlc.narg(and_username) AS text) IS NULL OR username = sqlc.narg(and_username))
  AND (CAST(sqlc.narg(and_host) AS text) IS NULL OR host = sqlc.narg(and_host))
  AND (CAST(sqlc.narg(and_action) AS text) IS NULL OR action = sqlc.narg(and_action))
ORDER BY outcome DESC, id DESC
LIMIT @page;

-- name: AuditBoundOfOutcome :one
-- The id of the last row that one page may read: scan rows of this index come before it.
SELECT id FROM audit
WHERE (outcome, id) < (@outcome, @before) AND (outcome, id) >= (@outcome, @after)
ORDER BY outcome DESC, id DESC
LIMIT 1 OFFSET @scan;

-- name: AuditOfContainerName :many
SELECT * FROM audit
WHERE (container_name, id) < (@container_name, @before) AND (container_name, id) >= (@container_name, @after)
  AND (CAST(sqlc.narg(and_username) AS text) IS NULL OR username = sqlc.narg(and_username))
  AND (CAST(sqlc.narg(and_host) AS text) IS NULL OR host = sqlc.narg(and_host))
  AND (CAST(sqlc.narg(and_action) AS text) IS NULL OR action = sqlc.narg(and_action))
  AND (CAST(sqlc.narg(and_outcome) AS text) IS NULL OR outcome = sqlc.narg(and_outcome))
ORDER BY container_name DESC, id DESC
LIMIT @page;

-- name: AuditBoundOfContainerName :one
-- The id of the last row that one page may read: scan rows of this index come before it.
SELECT id FROM audit
WHERE (container_name, id) < (@container_name, @before) AND (container_name, id) >= (@container_name, @after)
ORDER BY container_name DESC, id DESC
LIMIT 1 OFFSET @scan;

-- name: AuditOfContainerID :many
SELECT * FROM audit
WHERE (container_id, id) < (@container_id, @before) AND (container_id, id) >= (@container_id, @after)
  AND (CAST(sqlc.narg(and_username) AS text) IS NULL OR username = sqlc.narg(and_username))
  AND (CAST(sqlc.narg(and_host) AS text) IS NULL OR host = sqlc.narg(and_host))
  AND (CAST(sqlc.narg(and_action) AS text) IS NULL OR action = sqlc.narg(and_action))
  AND (CAST(sqlc.narg(and_outcome) AS text) IS NULL OR outcome = sqlc.narg(and_outcome))
ORDER BY container_id DESC, id DESC
LIMIT @page;

-- name: AuditBoundOfContainerID :one
-- The id of the last row that one page may read: scan rows of this index come before it.
SELECT id FROM audit
WHERE (container_id, id) < (@container_id, @before) AND (container_id, id) >= (@container_id, @after)
ORDER BY container_id DESC, id DESC
LIMIT 1 OFFSET @scan;

-- name: NextAuditContainer :one
SELECT container_id FROM audit WHERE container_id >= @least AND container_id < @until ORDER BY container_id LIMIT 1;

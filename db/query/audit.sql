-- name: BeginAudit :exec
INSERT INTO audit (id, at, user_id, username, client_addr, request_id, action, host, container_id, container_name,
  target, outcome, detail, finished_at, server)
VALUES (@id, @at, @user_id, @username, @client_addr, @request_id, @action, @host, @container_id, @container_name,
  @target, @outcome, @detail, @finished_at, @server);

-- name: EndPendingAudit :execrows
UPDATE audit SET outcome = @outcome, detail = @detail, finished_at = @finished_at WHERE finished_at IS NULL AND server = @server;

-- name: FinishAudit :execrows
UPDATE audit SET outcome = @outcome, detail = @detail, finished_at = @finished_at WHERE id = @id AND finished_at IS NULL;

-- name: AuditOfContainer :many
-- The actions on a container that began in a time range, and that ended at or after finished_since or are still running. They
-- may have caused events: a successful action with a detail changed nothing and is left out, a failed recreation is included
-- because it changes the container and then undoes the change.
SELECT a.id, a.at, a.username, a.action, a.finished_at FROM audit a
WHERE a.container_id = @container_id AND a.host = @host AND a.at >= @since AND a.at <= @until
  AND a.finished_at >= @finished_since
  AND (a.outcome = 'ok' AND a.detail = '' OR a.action = 'container.recreate' AND a.outcome IN ('failed', 'unknown'))
UNION ALL
SELECT b.id, b.at, b.username, b.action, b.finished_at FROM audit b
WHERE b.container_id = @container_id AND b.host = @host AND b.at >= @since AND b.at <= @until
  AND b.finished_at IS NULL AND b.detail = '';

-- name: AuditedContainers :many
-- The containers with actions that ended in a time range or are still running.
SELECT a.container_id FROM audit a
WHERE a.finished_at >= @finished_since AND a.finished_at <= @finished_until AND a.container_id <> ''
UNION
SELECT b.container_id FROM audit b WHERE b.finished_at IS NULL AND b.container_id <> '';

-- name: DeleteAuditBefore :execrows
DELETE FROM audit WHERE at < @before;

-- name: CountRepeats :execrows
-- Adds repeats of the same refusal to the row that counts them; finished_at is the time of the last one.
UPDATE audit SET times = times + @more, finished_at = @finished_at WHERE id = @id;

-- name: DeletePendingAudit :execrows
DELETE FROM audit WHERE id = @id AND finished_at IS NULL;

-- name: AuditBeyond :one
-- The newest row that exceeds the number of rows to keep.
SELECT id FROM audit ORDER BY id DESC LIMIT 1 OFFSET @keep;

-- name: DeleteAuditUpTo :execrows
-- A batch of the oldest rows, up to the given id.
DELETE FROM audit WHERE id IN (SELECT a.id FROM audit a WHERE a.id <= @last ORDER BY a.id LIMIT @batch);

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
-- The actions on a container that began in a time span and ended after a time. An action that had nothing to do has a detail.
SELECT id, at, username, action, finished_at FROM audit
WHERE container_id = @container_id AND host = @host AND at >= @since AND at <= @until
  AND finished_at >= @finished_since AND outcome = 'ok' AND detail = '';

-- name: PendingAuditOfContainer :many
-- The actions on a container that began in a time span and are under way.
SELECT id, at, username, action, finished_at FROM audit
WHERE container_id = @container_id AND host = @host AND at >= @since AND at <= @until
  AND finished_at IS NULL AND detail = '';

-- name: AuditedContainers :many
-- Postgres alone: those of the containers that have such actions.
SELECT CAST(c.id AS text) AS container_id FROM (SELECT unnest(CAST(@container_ids AS text[])) AS id) AS c
WHERE EXISTS (SELECT 1 FROM audit a
    WHERE a.container_id = c.id AND a.at >= @since AND a.at <= @until AND a.finished_at >= @finished_since)
  OR EXISTS (SELECT 1 FROM audit a
    WHERE a.container_id = c.id AND a.at >= @since AND a.at <= @until AND a.finished_at IS NULL);

-- name: DeleteAuditBefore :execrows
DELETE FROM audit WHERE at < @before;

-- name: CountRepeats :execrows
-- More of what a row stands for, the last of it at the given time.
UPDATE audit SET times = times + @more, finished_at = @finished_at WHERE id = @id;

-- name: DeletePendingAudit :execrows
DELETE FROM audit WHERE id = @id AND finished_at IS NULL;

-- name: AuditBeyond :one
-- The latest row that is one too many where so many are kept.
SELECT id FROM audit ORDER BY id DESC LIMIT 1 OFFSET @keep;

-- name: DeleteAuditUpTo :execrows
-- A batch of the oldest rows, up to the given id.
DELETE FROM audit WHERE id IN (SELECT a.id FROM audit a WHERE a.id <= @last ORDER BY a.id LIMIT @batch);

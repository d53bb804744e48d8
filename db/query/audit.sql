-- name: BeginAudit :exec
INSERT INTO audit (id, at, user_id, username, client_addr, request_id, action, host, container_id, container_name,
  target, outcome, detail, finished_at, server)
VALUES (@id, @at, @user_id, @username, @client_addr, @request_id, @action, @host, @container_id, @container_name,
  @target, @outcome, @detail, @finished_at, @server);

-- name: EndPendingAudit :execrows
UPDATE audit SET outcome = @outcome, detail = @detail, finished_at = @finished_at WHERE finished_at IS NULL AND server = @server;

-- name: FinishAudit :execrows
UPDATE audit SET outcome = @outcome, detail = @detail, finished_at = @finished_at WHERE id = @id AND finished_at IS NULL;

-- name: AuditOfContainers :many
-- What was done to containers of all hosts from a time on, or is under way, the latest first. What had
-- nothing to do says so in its detail.
SELECT id, at, username, action, finished_at, host, container_id FROM audit
WHERE at >= @since AND at <= @until AND container_id <> '' AND outcome IN ('pending', 'ok') AND detail = ''
ORDER BY at DESC
LIMIT 2000;

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

-- name: CreateBulkOperation :exec
INSERT INTO bulk_operations (id, at, user_id, username, server, operation, request, state)
VALUES (@id, @at, @user_id, @username, @server, @operation, @request, @state);

-- name: CreateBulkTarget :exec
INSERT INTO bulk_targets (operation_id, position, host, container_id, container_name, labels, state, detail, changed, state_after, ended)
VALUES (@operation_id, @position, @host, @container_id, @container_name, @labels, @state, '', false, '', 0);

-- name: GetBulkOperation :one
SELECT * FROM bulk_operations WHERE id = @id;

-- name: BulkTargets :many
SELECT * FROM bulk_targets WHERE operation_id = @operation_id ORDER BY position;

-- name: EndedBulkTargets :many
-- The targets that ended after the given one, in the order in which they ended.
SELECT * FROM bulk_targets WHERE operation_id = @operation_id AND ended > @after ORDER BY ended;

-- name: BeginBulkTarget :execrows
UPDATE bulk_targets SET state = 'running', started_at = @started_at
WHERE operation_id = @operation_id AND position = @position AND ended = 0;

-- name: EndBulkTarget :execrows
UPDATE bulk_targets SET state = @state, detail = @detail, changed = @changed, state_after = @state_after, finished_at = @finished_at, ended = @ended
WHERE operation_id = @operation_id AND position = @position AND ended = 0;

-- name: EndBulkTargetsIn :execrows
-- Ends all targets in one state. Their order numbers come after those of all targets that ended on their own.
UPDATE bulk_targets SET state = @state, detail = @detail, finished_at = @finished_at, ended = position + 1000001
WHERE operation_id = @operation_id AND ended = 0 AND state = @old_state;

-- name: EndBulkOperation :execrows
UPDATE bulk_operations SET state = @state, finished_at = @finished_at WHERE id = @id AND finished_at IS NULL;

-- name: UnfinishedBulkOperations :many
-- The operations that an earlier process of a server left unfinished.
SELECT id FROM bulk_operations WHERE server = @server AND finished_at IS NULL;

-- name: CancelBulkOperation :execrows
UPDATE bulk_operations SET cancel = true WHERE id = @id AND finished_at IS NULL;

-- name: DeleteBulkOperationsBefore :execrows
DELETE FROM bulk_operations WHERE finished_at < @before;

-- name: ListBulkOperations :many
-- The operations of all users, the latest first.
SELECT o.id, o.at, o.username, o.operation, o.state, o.finished_at,
    (SELECT COUNT(*) FROM bulk_targets t WHERE t.operation_id = o.id) AS targets,
    (SELECT COUNT(*) FROM bulk_targets t WHERE t.operation_id = o.id AND t.state = 'ok') AS succeeded,
    (SELECT COUNT(*) FROM bulk_targets t WHERE t.operation_id = o.id AND t.state IN ('failed', 'interrupted')) AS failed
FROM bulk_operations o
WHERE o.id < @before ORDER BY o.id DESC LIMIT @page;

-- name: ListBulkOperationsOf :many
-- The operations of one user, the latest first.
SELECT o.id, o.at, o.username, o.operation, o.state, o.finished_at,
    (SELECT COUNT(*) FROM bulk_targets t WHERE t.operation_id = o.id) AS targets,
    (SELECT COUNT(*) FROM bulk_targets t WHERE t.operation_id = o.id AND t.state = 'ok') AS succeeded,
    (SELECT COUNT(*) FROM bulk_targets t WHERE t.operation_id = o.id AND t.state IN ('failed', 'interrupted')) AS failed
FROM bulk_operations o
WHERE o.user_id = @user_id AND o.id < @before ORDER BY o.id DESC LIMIT @page;

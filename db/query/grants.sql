-- name: CreateGrant :exec
INSERT INTO grants (id, user_id, hosts, labels, role, exec, created_by, created_at)
VALUES (@id, @user_id, @hosts, @labels, @role, @exec, @created_by, @created_at);

-- name: GetGrant :one
SELECT * FROM grants WHERE id = @id;

-- name: DeleteGrant :execrows
DELETE FROM grants WHERE id = @id;

-- name: UserGrants :many
SELECT * FROM grants WHERE user_id = @user_id ORDER BY created_at, id;

-- name: ListGrants :many
-- A page of grants by id, of one user or of all.
SELECT g.id, g.hosts, g.labels, g.role, g.exec, g.created_by, g.created_at, u.username
FROM grants g JOIN users u ON u.id = g.user_id
WHERE g.id > @after AND (CAST(sqlc.narg(username_folded) AS text) IS NULL OR u.username_folded = sqlc.narg(username_folded))
ORDER BY g.id
LIMIT @page;

-- name: CreateAPIKey :exec
INSERT INTO api_keys (id, user_id, name, hash, role, scope, exec, created_at, expires_at)
VALUES (@id, @user_id, @name, @hash, @role, @scope, @exec, @created_at, @expires_at);

-- name: GetAPIKey :one
-- An API key, with the fields of its user that decide on its rights.
SELECT k.id, k.user_id, k.hash, k.role AS cap, k.scope, k.exec, k.expires_at,
  u.username, u.role, u.disabled, u.rights
FROM api_keys k JOIN users u ON u.id = k.user_id
WHERE k.id = @id;

-- name: ListAPIKeys :many
SELECT * FROM api_keys WHERE user_id = @user_id AND id > @after ORDER BY id LIMIT @page;

-- name: DeleteAPIKey :execrows
DELETE FROM api_keys WHERE id = @id AND user_id = @user_id;

-- name: TouchAPIKey :exec
UPDATE api_keys SET last_used_at = @last_used_at
WHERE id = @id AND (last_used_at IS NULL OR last_used_at < @last_used_at);

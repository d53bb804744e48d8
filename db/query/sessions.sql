-- name: CreateSession :exec
INSERT INTO sessions (id, user_id, refresh_hash, user_agent, client_addr, blocked, created_at, last_used_at, expires_at)
VALUES (@id, @user_id, @refresh_hash, @user_agent, @client_addr, false, @created_at, @created_at, @expires_at);

-- name: GetSession :one
-- A session, with the fields of its user that decide on its rights.
SELECT s.id, s.user_id, s.refresh_hash, s.blocked, s.expires_at, s.last_used_at,
  u.username, u.role, u.disabled, u.rights
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.id = @id;

-- name: LockSession :execrows
-- Locks the row of a session that isn't blocked until the transaction ends. A transaction that changes rows of a session takes
-- this lock first.
UPDATE sessions SET last_used_at = last_used_at WHERE id = @id AND NOT blocked;

-- name: DeleteSession :execrows
DELETE FROM sessions WHERE id = @id;

-- name: DeleteUserSessions :execrows
-- All sessions of a user but one (the zero UUID keeps none).
DELETE FROM sessions WHERE user_id = @user_id AND id <> @keep;

-- name: TouchSession :exec
UPDATE sessions SET last_used_at = @last_used_at WHERE id = @id AND last_used_at < @last_used_at;

-- name: DeleteExpiredSessions :execrows
DELETE FROM sessions WHERE expires_at < @before;

-- name: ListSessions :many
-- A page of the sessions that have not expired, by id, of one user or of all.
SELECT s.id, s.user_agent, s.client_addr, s.created_at, s.last_used_at, s.expires_at, u.username
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.id > @after AND s.expires_at > @now
  AND (CAST(sqlc.narg(user_id) AS uuid) IS NULL OR s.user_id = sqlc.narg(user_id))
ORDER BY s.id
LIMIT @page;

-- name: DeleteSessionOf :execrows
DELETE FROM sessions WHERE id = @id AND user_id = @user_id;

-- name: AddressesOfSessions :many
-- The client addresses of a user's sessions that have not expired, the latest session first.
SELECT s.client_addr FROM sessions s JOIN users u ON u.id = s.user_id
WHERE u.username_folded = @username_folded AND s.expires_at > @now
ORDER BY s.created_at DESC
LIMIT @page;

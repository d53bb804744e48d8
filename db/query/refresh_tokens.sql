-- name: CreateRefreshToken :exec
INSERT INTO refresh_tokens (hash, session_id, replaced_at) VALUES (@hash, @session_id, @replaced_at);

-- name: GetRefreshToken :one
SELECT * FROM refresh_tokens WHERE hash = @hash;

-- name: ReplaceRefreshToken :execrows
UPDATE refresh_tokens SET replaced_at = @replaced_at WHERE hash = @hash AND replaced_at IS NULL;

-- name: AddRefreshToken :exec
INSERT INTO refresh_tokens (hash, session_id, replaced_at) VALUES (@hash, @session_id, NULL);

-- name: ReplaceRefreshToken :exec
-- Marks a token as replaced, for the first time only: of two at once the earlier counts.
INSERT INTO refresh_tokens (hash, session_id, replaced_at) VALUES (@hash, @session_id, @replaced_at)
ON CONFLICT (hash) DO UPDATE SET replaced_at = excluded.replaced_at WHERE refresh_tokens.replaced_at IS NULL;

-- name: GetRefreshToken :one
SELECT * FROM refresh_tokens WHERE hash = @hash;

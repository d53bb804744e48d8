-- name: AddRefreshToken :exec
INSERT INTO refresh_tokens (hash, session_id, generation) VALUES (@hash, @session_id, @generation);

-- name: ReplaceRefreshToken :exec
-- Marks the refresh token of a login, which has no row yet, as replaced.
INSERT INTO refresh_tokens (hash, session_id, replaced_at) VALUES (@hash, @session_id, @replaced_at)
ON CONFLICT (hash) DO NOTHING;

-- name: ReplaceRefreshTokens :exec
-- Marks the tokens of a generation and of earlier ones as replaced. A token that is marked already keeps its time.
UPDATE refresh_tokens SET replaced_at = @replaced_at
WHERE session_id = @session_id AND generation <= @generation AND replaced_at IS NULL;

-- name: GetRefreshToken :one
SELECT * FROM refresh_tokens WHERE hash = @hash;

-- name: LatestGeneration :one
SELECT generation FROM refresh_tokens WHERE session_id = @session_id ORDER BY generation DESC LIMIT 1;

-- name: ProposeSetupToken :exec
INSERT INTO setup (one, token) VALUES (1, @token) ON CONFLICT (one) DO NOTHING;

-- name: GetSetupToken :one
SELECT token FROM setup WHERE one = 1;

-- name: DeleteSetupToken :exec
DELETE FROM setup;

-- name: RaiseCounter :execrows
-- Increments a counter. This also locks its row until the transaction ends, on both databases.
UPDATE counters SET value = value + 1 WHERE name = @name;

-- name: GetCounter :one
SELECT value FROM counters WHERE name = @name;

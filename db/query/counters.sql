-- name: RaiseCounter :execrows
-- Also a lock that holds until the transaction ends, on both engines.
UPDATE counters SET value = value + 1 WHERE name = @name;

-- name: GetCounter :one
SELECT value FROM counters WHERE name = @name;

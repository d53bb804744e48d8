-- name: ReserveUserTry :one
-- Reserves a try for a user. No row: the user must wait, or has as many tries running as free failures left (one may always run).
INSERT INTO login_tries (key, failures, due, pending, pending_until, expires)
VALUES (@key, 0, 0, 1, @until, @expires)
ON CONFLICT (key) DO UPDATE SET
  failures = CASE WHEN login_tries.expires <= CAST(@now AS bigint) THEN 0 ELSE login_tries.failures END,
  pending = CASE WHEN login_tries.pending_until <= CAST(@now AS bigint) THEN 1 ELSE login_tries.pending + 1 END,
  pending_until = CAST(@until AS bigint),
  expires = CASE WHEN login_tries.expires < CAST(@until AS bigint) THEN CAST(@until AS bigint) ELSE login_tries.expires END
WHERE login_tries.expires <= CAST(@now AS bigint)
  OR (login_tries.due <= CAST(@now AS bigint) AND (login_tries.pending_until <= CAST(@now AS bigint) OR login_tries.pending < 1
    OR login_tries.pending < CAST(@free AS bigint) - login_tries.failures))
RETURNING failures;

-- name: ReserveAddressTry :one
-- Reserves a try for an address. An address has a leaky bucket: each failure moves due one step into the future, at most to room
-- ahead of now, and running tries count as failures. No row: the bucket is full.
INSERT INTO login_tries (key, failures, due, pending, pending_until, expires)
VALUES (@key, 0, @now, 1, @until, @expires)
ON CONFLICT (key) DO UPDATE SET
  pending = CASE WHEN login_tries.pending_until <= CAST(@now AS bigint) THEN 1 ELSE login_tries.pending + 1 END,
  pending_until = CAST(@until AS bigint),
  expires = CASE WHEN login_tries.expires < CAST(@until AS bigint) THEN CAST(@until AS bigint) ELSE login_tries.expires END
WHERE CASE WHEN login_tries.due < CAST(@now AS bigint) THEN 0 ELSE login_tries.due - CAST(@now AS bigint) END
  + (CASE WHEN login_tries.pending_until <= CAST(@now AS bigint) THEN 1 ELSE login_tries.pending + 1 END) * CAST(@step AS bigint) <= CAST(@room AS bigint)
RETURNING due;

-- name: GetTries :one
SELECT failures, due, pending, pending_until, expires FROM login_tries WHERE key = @key;

-- name: FailUserTry :one
-- Ends a try with a failure. After the free failures the user must wait: 1 s, then twice as long each time, up to a minute.
UPDATE login_tries SET
  failures = failures + 1,
  due = CASE WHEN failures + 1 < CAST(@free AS bigint) THEN 0 ELSE CAST(@now AS bigint) + CASE failures + 1 - CAST(@free AS bigint)
    WHEN 0 THEN 1000000 WHEN 1 THEN 2000000 WHEN 2 THEN 4000000 WHEN 3 THEN 8000000 WHEN 4 THEN 16000000 WHEN 5 THEN 32000000
    ELSE 60000000 END END,
  pending = CASE WHEN pending > 0 THEN pending - 1 ELSE 0 END,
  expires = CAST(@expires AS bigint)
WHERE key = @key
RETURNING failures, due;

-- name: FailAddressTry :execrows
UPDATE login_tries SET
  due = CASE WHEN due < CAST(@now AS bigint) THEN CAST(@now AS bigint) ELSE due END + CAST(@step AS bigint),
  pending = CASE WHEN pending > 0 THEN pending - 1 ELSE 0 END,
  expires = CAST(@expires AS bigint)
WHERE key = @key;

-- name: ReleaseTry :execrows
-- Ends a try that counts neither as a failure nor as a success.
UPDATE login_tries SET pending = CASE WHEN pending > 0 THEN pending - 1 ELSE 0 END WHERE key = @key;

-- name: ForgiveTries :execrows
-- Ends a try with success, and clears the failures.
UPDATE login_tries SET failures = 0, due = 0, pending = CASE WHEN pending > 0 THEN pending - 1 ELSE 0 END WHERE key = @key;

-- name: RememberAddress :exec
-- Records that a user logged in from an address.
INSERT INTO login_tries (key, failures, due, pending, pending_until, expires) VALUES (@key, 0, 0, 0, 0, CAST(@expires AS bigint))
ON CONFLICT (key) DO UPDATE SET expires = CAST(@expires AS bigint);

-- name: DeleteExpiredTries :execrows
DELETE FROM login_tries WHERE expires <= CAST(@now AS bigint);

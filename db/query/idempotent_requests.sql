-- name: ClaimRequest :execrows
-- Claims a caller's key for a request. No row: another request has the key, or the caller has too many keys.
INSERT INTO idempotent_requests (caller, key, request, sent, running_until, expires_at)
SELECT @caller, @key, @request, @sent, @running_until, @expires_at
WHERE (SELECT count(*) FROM idempotent_requests c WHERE c.caller = @caller AND c.expires_at > @now) < CAST(@most AS bigint)
ON CONFLICT (caller, key) DO UPDATE SET
  request = @request, sent = @sent, answer = NULL, running_until = @running_until, expires_at = @expires_at
WHERE idempotent_requests.expires_at <= @now;

-- name: GetRequest :one
SELECT request, sent, answer, running_until FROM idempotent_requests WHERE caller = @caller AND key = @key AND expires_at > @now;

-- name: KeepRequest :exec
-- Extends the claim of a request that is still running.
UPDATE idempotent_requests SET running_until = @running_until, expires_at = @expires_at WHERE caller = @caller AND key = @key AND answer IS NULL;

-- name: AnswerRequest :exec
UPDATE idempotent_requests SET answer = @answer, expires_at = @expires_at WHERE caller = @caller AND key = @key;

-- name: ForgetRequest :exec
DELETE FROM idempotent_requests WHERE caller = @caller AND key = @key;

-- name: DeleteExpiredRequests :execrows
DELETE FROM idempotent_requests WHERE expires_at <= @now;

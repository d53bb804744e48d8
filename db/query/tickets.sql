-- name: CreateTicket :exec
INSERT INTO tickets (hash, session_id, expires_at) VALUES (@hash, @session_id, @expires_at);

-- name: GetTicket :one
SELECT session_id, expires_at FROM tickets WHERE hash = @hash;

-- name: DeleteExpiredTickets :execrows
DELETE FROM tickets WHERE expires_at < @before;

-- name: CreateTerminalTicket :exec
INSERT INTO terminal_tickets (hash, holder, request, expires_at) VALUES (@hash, @holder, @request, @expires_at);

-- name: TakeTerminalTicket :one
-- A ticket is good once: of two callers with the same one, one gets a row.
DELETE FROM terminal_tickets WHERE hash = @hash RETURNING holder, request, expires_at;

-- name: DeleteExpiredTerminalTickets :execrows
DELETE FROM terminal_tickets WHERE expires_at < @before;

-- name: CreateTerminalTicket :exec
INSERT INTO terminal_tickets (hash, holder, request, expires_at) VALUES (@hash, @holder, @request, @expires_at);

-- name: TakeTerminalTicket :one
-- Deletes a ticket and returns it. A ticket can be used once: of two callers with the same ticket, one gets a row.
DELETE FROM terminal_tickets WHERE hash = @hash RETURNING holder, request, expires_at;

-- name: DeleteExpiredTerminalTickets :execrows
DELETE FROM terminal_tickets WHERE expires_at < @before;

-- name: BeatOpenTerminal :exec
INSERT INTO open_terminals (id, replica, beat, user_id, username, address, since, host, container_id, container_name, command, tty, bytes_in, bytes_out)
VALUES (@id, @replica, @beat, @user_id, @username, @address, @since, @host, @container_id, @container_name, @command, @tty, @bytes_in, @bytes_out)
ON CONFLICT (id) DO UPDATE SET beat = excluded.beat, bytes_in = excluded.bytes_in, bytes_out = excluded.bytes_out;

-- name: DeleteOpenTerminal :exec
DELETE FROM open_terminals WHERE id = @id;

-- name: OpenTerminalsOfOthers :many
SELECT * FROM open_terminals WHERE replica <> @replica ORDER BY since, id;

-- name: DeleteOpenTerminalsOf :exec
-- Deletes the terminals of a replica whose beat has not risen since the given one.
DELETE FROM open_terminals WHERE replica = @replica AND beat <= @beat;

-- name: EndOpenTerminal :execrows
UPDATE open_terminals SET ending = true WHERE id = @id;

-- name: EndingTerminals :many
SELECT id FROM open_terminals WHERE replica = @replica AND ending;
